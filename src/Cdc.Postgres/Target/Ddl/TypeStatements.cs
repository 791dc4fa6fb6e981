using System.Text;
using Cdc.Engine.Ddl;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target.Ddl;

/// <summary>Makes a type that the target does not have.</summary>
internal static class TypeStatements
{
    /// <summary>The whole CREATE; null for one that only an extension or the user can bring.</summary>
    public static string? Create(TypeDefinition type)
    {
        string name = PostgresNames.Quote(type.Name);
        return type.Form switch
        {
            TypeForm.Enum => $"CREATE TYPE {name} AS ENUM ({string.Join(", ", type.Labels.Select(Label))})",
            TypeForm.Composite =>
                $"CREATE TYPE {name} AS ({string.Join(", ", type.Attributes.Select(ColumnText.Bare))})",
            TypeForm.Domain => Domain(type, name),
            TypeForm.Range => $"CREATE TYPE {name} AS RANGE (subtype = {type.Base}"
                + $"{(string.IsNullOrEmpty(type.RangeOptions) ? "" : $", {type.RangeOptions}")})",
            TypeForm.Given => null,
        };
    }

    public static string Label(string label) => PostgresNames.Literal(label).TrimStart();

    public static string Exists(TypeDefinition type) =>
        $"pg_catalog.to_regtype({PostgresNames.Literal(PostgresNames.Quote(type.Name))}) IS NOT NULL";

    static string Domain(TypeDefinition type, string name)
    {
        StringBuilder text = new($"CREATE DOMAIN {name} AS {type.Base}{ColumnText.Collate(type.Collation)}");
        if (type.Default is { } value) text.Append($" DEFAULT {value}");
        if (type.NotNull) text.Append(" NOT NULL");
        foreach (ConstraintDefinition check in type.Constraints.Where(static check => !IsNotValid(check.Text)))
            text.Append($" CONSTRAINT {PostgresNames.Quote(check.Name)} {check.Text}");
        return text.ToString();
    }

    /// <summary>CREATE DOMAIN has no NOT VALID; such a check is added afterwards.</summary>
    public static bool IsNotValid(string constraint) => constraint.EndsWith(" NOT VALID", StringComparison.Ordinal);
}
