using System.Globalization;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Target;

/// <summary>Sets the target's sequences to where the source's stand.</summary>
internal static class SequenceSql
{
    public static void Set(TargetSession session, IReadOnlyList<SequenceState> sequences)
    {
        foreach (SequenceState sequence in sequences)
        {
            string name = PostgresNames.Literal(PostgresNames.Quote(sequence.Name));
            // One that the target lacks belongs to a table that it was not to have.
            session.Run(string.Create(CultureInfo.InvariantCulture,
                $"SELECT pg_catalog.setval(oid, {sequence.LastValue}, {(sequence.IsCalled ? "true" : "false")}) "
                + $"FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass({name}) AND relkind = 'S'"));
        }
    }
}
