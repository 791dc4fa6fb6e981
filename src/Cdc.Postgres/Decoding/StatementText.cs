using System.Collections.Immutable;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Decoding;

/// <summary>Finds a command's own text in what was executed together.</summary>
/// <remarks>Every statement is ruled out that can't have been the command; the command itself never is. So if one is
/// left, it is the one; if several are, none is taken: the effect is known without the text.</remarks>
internal static class StatementText
{
    /// <param name="sql">All that was executed together, the command among it.</param>
    /// <param name="changes">What the command did.</param>
    /// <returns>One statement with this tag, or null.</returns>
    public static string? Find(string sql, string tag, ImmutableArray<SchemaChange> changes)
    {
        if (OneStatement.Is(sql, tag)) return sql;
        if (Split(sql) is not { } statements) return null;
        List<string> left = [.. statements.Where(statement => OneStatement.Is(statement, tag))];
        if (left.Count > 1 && tag == "ALTER TABLE") left = RetypedColumns.Of(changes)?.Among(left) ?? left;
        return left is [var one] ? one : null;
    }

    /// <summary>Without what stands between them. Null if the text can't be read to its end.</summary>
    static List<string>? Split(string sql)
    {
        List<string> statements = [];
        SqlLexer lexer = new(sql);
        (int begin, int end) = (-1, 0);
        while (true)
        {
            SqlToken token = lexer.Next();
            if (token.Kind == SqlTokenKind.Unclear) return null;
            bool isOver = token.Kind == SqlTokenKind.End || token.IsSymbol(';');
            if (isOver && begin >= 0) statements.Add(sql[begin..end]);
            if (token.Kind == SqlTokenKind.End) return statements;
            if (isOver) begin = -1;
            else if (sql.AsSpan().Overlaps(token.Text, out int at))
                (begin, end) = (begin < 0 ? at : begin, at + token.Text.Length);
        }
    }
}
