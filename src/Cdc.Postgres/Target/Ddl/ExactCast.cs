using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Casts that the server does not call immutable, and that all the same give equal values where the types are
/// equal: between text and the labels of an enum.</summary>
internal static class ExactCast
{
    static readonly string[] Texts = ["text", "varchar"];

    /// <param name="expression">Behind USING; null if there is none.</param>
    public static bool Is(AlteredTable table, ColumnDefinition before, ColumnDefinition after, string? expression)
    {
        TypeDefinition? from = Enum(table.Before, before.Type);
        TypeDefinition? to = Enum(table.After, after.Type);
        if (from is not null && IsText(after.Type))
            return expression is null || Texts.Any(text => IsCast(expression, before.Name, new("", text)));
        // There is no such cast without USING.
        return to is not null && IsText(before.Type) && expression is not null
            && (IsCast(expression, before.Name, to.Name) || IsCast(expression, before.Name, new("", to.Name.Name)));
    }

    static TypeDefinition? Enum(TableDefinition table, string type)
    {
        string name = Renames.None.Apply(type);
        return table.Types.FirstOrDefault(known =>
            known.Form == TypeForm.Enum && PostgresNames.Quote(known.Name) == name);
    }

    static bool IsText(string type) => type is "text" or "character varying"
        || type.StartsWith("character varying(", StringComparison.Ordinal);

    // column::type, and nothing else.
    static bool IsCast(string expression, string column, Engine.Schemas.TableName type)
    {
        string written = type.Schema.Length == 0 ? PostgresNames.Quote(type.Name) : PostgresNames.Quote(type);
        return Renames.None.Apply(expression) == Renames.None.Apply($"{PostgresNames.Quote(column)}::{written}");
    }
}
