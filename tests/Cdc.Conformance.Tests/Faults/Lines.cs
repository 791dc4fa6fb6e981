using System.Text.Json;

namespace Cdc.Conformance.Tests.Faults;

/// <summary>NDJSON as it was written.</summary>
static class Lines
{
    /// <summary>All but the checkpoints, in an order of their own: copies come in any.</summary>
    /// <param name="mustRise">Whether positions of the stream rise from line to line.</param>
    public static IReadOnlyList<string> Sorted(IEnumerable<string> lines, bool mustRise)
    {
        List<string> rows = [];
        string last = "";
        foreach (string line in lines)
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string op = json.RootElement.GetProperty("op").GetString()!;
            if (op == "checkpoint") continue;
            rows.Add(line);
            if (op == "r") continue;
            string position = json.RootElement.GetProperty("pos").GetString()!;
            if (mustRise) Assert.True(string.CompareOrdinal(position, last) > 0, $"{position} stands behind {last}.");
            last = position;
        }
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }
}
