namespace Cdc.Engine.Options;

/// <summary>Finds the known name that a mistyped one most likely meant.</summary>
public static class NearestName
{
    /// <summary>The closest of <paramref name="known"/>, or null if none is close enough to be meant.</summary>
    public static string? Of(string text, IEnumerable<string> known)
    {
        string? best = null;
        int least = Math.Max(2, text.Length / 3) + 1;
        foreach (string name in known)
        {
            int distance = Distance(text, name);
            // A name cut short is meant more often than one with as many letters changed.
            if (text.Length >= 3 && name.StartsWith(text, StringComparison.OrdinalIgnoreCase)) distance = 1;
            if (distance < least) (best, least) = (name, distance);
        }
        return best;
    }

    /// <summary>The known name as the end of a sentence; empty if none is close.</summary>
    public static string Hint(string text, IEnumerable<string> known) =>
        Of(text, known) is { } name ? $"Did you mean {name}?" : "";

    /// <summary>How many letters must be inserted, removed, changed, or swapped with their neighbour.</summary>
    static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++) cost[i, 0] = i;
        for (int j = 0; j <= right.Length; j++) cost[0, j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            for (int j = 1; j <= right.Length; j++)
            {
                int changed = Same(left[i - 1], right[j - 1]) ? 0 : 1;
                int least = Math.Min(cost[i - 1, j - 1] + changed, Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1);
                bool swapped = i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]);
                cost[i, j] = swapped ? Math.Min(least, cost[i - 2, j - 2] + 1) : least;
            }
        }
        return cost[left.Length, right.Length];

        static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
    }
}
