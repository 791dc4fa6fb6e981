namespace Cdc.Postgres.Target;

/// <summary>Finds in the server's words about a failed copy which column it was, and nothing else of them: behind the
/// name stands the value.</summary>
internal static class CopyColumn
{
    public static string? Of(Verdict verdict)
    {
        if (verdict.Expected.Table is not { } table || verdict.Answer.Error?.Where is not { } where) return null;
        return table.Schema.Columns.Select(static column => column.Name)
            .Where(name => where.Contains($", column {name}: ", StringComparison.Ordinal)
                || where.EndsWith($", column {name}", StringComparison.Ordinal))
            .MaxBy(static name => name.Length);
    }
}
