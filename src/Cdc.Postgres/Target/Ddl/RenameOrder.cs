namespace Cdc.Postgres.Target.Ddl;

/// <summary>Puts renames that happen at once into an order in which no name is taken.</summary>
internal static class RenameOrder
{
    /// <param name="renames">Before and after, of everything that stays: also of what keeps its name.</param>
    public static IEnumerable<(string From, string To)> Of(IEnumerable<(string From, string To)> renames)
    {
        List<(string From, string To)> left = [.. renames.Where(static rename => rename.From != rename.To)];
        int aside = 0;
        while (left.Count > 0)
        {
            int free = left.FindIndex(rename => left.All(other => other.From != rename.To));
            if (free >= 0)
            {
                yield return left[free];
                left.RemoveAt(free);
                continue;
            }
            // Only circles are left: one of each goes out of the way.
            string resting = $"cdc_renamed_{++aside}";
            yield return (left[0].From, resting);
            left[0] = (resting, left[0].To);
        }
    }
}
