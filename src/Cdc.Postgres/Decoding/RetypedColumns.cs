using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>Columns that an ALTER TABLE gave another type, or wrote anew: what its text must say.</summary>
/// <param name="columns">Of all its tables; empty if the types are what they were.</param>
/// <param name="tables">The tables of which it must name one; null if it may have named another.</param>
internal sealed class RetypedColumns(ImmutableHashSet<string> columns, ImmutableHashSet<TableName>? tables)
{
    const int LongestName = 63;

    /// <summary>Null if it did no such thing.</summary>
    public static RetypedColumns? Of(ImmutableArray<SchemaChange> changes)
    {
        SchemaChange.TableAltered[] altered = [.. changes.OfType<SchemaChange.TableAltered>()];
        SchemaChange.TableAltered[] retyped = [.. altered.Where(static change =>
            change.Rewrite.HasFlag(TableRewrite.ColumnType) || Columns(change).Any())];
        if (retyped.Length == 0) return null;
        ImmutableHashSet<TableName> tables = [.. altered.Select(static change => change.Before.Name)];
        // A table above one of them may be the one that was named, and not be captured.
        bool areAll = retyped.All(change => Parents(change.Before.Definition).All(tables.Contains));
        return new([.. retyped.SelectMany(Columns)], areAll ? tables : null);
    }

    /// <summary>Those of several ALTER TABLE that can have done it.</summary>
    public List<string> Among(List<string> statements) =>
        // A name of this form is not read.
        statements.Exists(static statement => statement.Contains("U&\"", StringComparison.OrdinalIgnoreCase))
            ? statements
            : statements.FindAll(IsPossible);

    bool IsPossible(string statement)
    {
        SqlLexer lexer = new(statement);
        if (tables is not null && Named(ref lexer) is { } name && !tables.Any(table => MayBe(name.Name, table.Name)
            && (name.Schema.Length == 0 || MayBe(name.Schema, table.Schema)))) return false;
        HashSet<string> said = Typed(new(statement));
        return columns.IsEmpty ? said.Count > 0 : columns.All(column => said.Any(name => MayBe(name, column)));
    }

    // The server folds more letters in some encodings, and cuts what is too long.
    static bool MayBe(string said, string name) =>
        said.Equals(name, StringComparison.OrdinalIgnoreCase) || Encoding.UTF8.GetByteCount(said) > LongestName;

    // ALTER TABLE IF EXISTS ONLY schema.name
    static TableName? Named(ref SqlLexer lexer)
    {
        lexer.Next();
        lexer.Next();
        SqlToken token = lexer.Next();
        if (token.IsWord("IF"))
        {
            lexer.Next();
            token = lexer.Next();
        }
        if (token.IsWord("ONLY")) token = lexer.Next();
        if (token.Kind is not (SqlTokenKind.Word or SqlTokenKind.Name)) return null;
        string first = token.ToName();
        if (!lexer.Next().IsSymbol('.')) return new("", first);
        token = lexer.Next();
        return token.Kind is SqlTokenKind.Word or SqlTokenKind.Name ? new(first, token.ToName()) : null;
    }

    // Every name with TYPE or SET DATA TYPE behind it: more than are columns, never fewer.
    static HashSet<string> Typed(SqlLexer lexer)
    {
        HashSet<string> names = [];
        (string last, string second, string third) = ("", "", "");
        for (SqlToken token = lexer.Next(); token.Kind is not (SqlTokenKind.End or SqlTokenKind.Unclear);
            token = lexer.Next())
        {
            if (token.IsWord("TYPE")) names.Add(last);
            if (token.IsWord("TYPE") && last == "data" && second == "set") names.Add(third);
            bool isName = token.Kind is SqlTokenKind.Word or SqlTokenKind.Name;
            (last, second, third) = (isName ? token.ToName() : "", last, second);
        }
        return names;
    }

    static IEnumerable<string> Columns(SchemaChange.TableAltered change)
    {
        if (change is not { Before.Definition: { } before, After.Definition: { } after }) return [];
        return before.Columns.Join(after.Columns, static c => c.Number, static c => c.Number, static (b, a) => (b, a))
            .Where(static pair => pair.b.Type != pair.a.Type || pair.b.Collation != pair.a.Collation)
            .Select(static pair => pair.b.Name);
    }

    static IEnumerable<TableName> Parents(TableDefinition? definition) =>
        definition is null ? [] : definition.PartitionOf is { } parent ? [parent] : definition.Inherits;
}
