using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Filters;

/// <summary>A definition without columns that are left out, and without what names them: constraints, indexes,
/// generated columns, sequences, and foreign keys to such columns of other tables.</summary>
/// <remarks>Names are looked for in the source's SQL, whatever they name there: in doubt a constraint too many is left
/// out, which a target can be without.</remarks>
static class DefinitionFilter
{
    public static TableDefinition Apply(
        TableDefinition definition, TableName table, Func<TableName, string, bool> excludes)
    {
        // A generated column that is left out takes those with it that are made of it.
        HashSet<string> gone = [.. definition.Columns.Select(static c => c.Name).Where(name => excludes(table, name))];
        while (definition.Columns.FirstOrDefault(c => IsMadeOf(c, gone)) is { } made) gone.Add(made.Name);
        ValueList<ConstraintDefinition> constraints =
            [.. definition.Constraints.Where(c => !Names(c, gone, excludes))];
        if (gone.Count == 0 && constraints.Count == definition.Constraints.Count) return definition;
        return definition with
        {
            Columns = [.. definition.Columns.Where(c => !gone.Contains(c.Name))],
            Constraints = constraints,
            Indexes =
                [.. definition.Indexes.Where(i => !SqlNames.Hold(SqlNames.ColumnParts(i.Text).Own, gone.Contains))],
            Sequences = [.. definition.Sequences.Where(s => !gone.Contains(s.Column))],
        };
    }

    static bool IsMadeOf(ColumnDefinition column, HashSet<string> gone) =>
        column is { IsGenerated: true, Default: { } expression } && !gone.Contains(column.Name)
        && SqlNames.Hold(expression, gone.Contains);

    static bool Names(
        ConstraintDefinition constraint, HashSet<string> gone, Func<TableName, string, bool> excludes)
    {
        (string own, string referred) = constraint.Kind == ConstraintKind.ForeignKey
            ? SqlNames.ColumnParts(constraint.Text)
            : (constraint.Text, "");
        return SqlNames.Hold(own, gone.Contains)
            || (constraint.References is { } other && SqlNames.Hold(referred, name => excludes(other, name)));
    }
}
