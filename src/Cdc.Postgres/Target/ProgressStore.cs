using System.Globalization;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>Reads and claims the progress that a target keeps of one changefeed. Blocks.</summary>
internal sealed class ProgressStore(string changefeed)
{
    const int CreateAttempts = 5;

    readonly string _name = PostgresNames.Literal(changefeed);

    /// <summary>What is there; null if nothing is. Changes nothing.</summary>
    public SinkProgress? Read(PgConnection connection)
    {
        if (!HasTables(connection)) return null;
        PgRows rows = connection.Query($"""
            SELECT format, epoch, number, commit - '0/0'::pg_lsn, step, source_kind, source_system, source_database,
                source_timeline
            FROM cdc.progress WHERE changefeed = {_name} AND mode = 'stream' ORDER BY epoch DESC, number DESC
            """);
        if (rows.Count == 0) return null;
        IReadOnlyList<string?> first = rows[0];
        int format = (int)Number(first[0]);
        if (format > ProgressSql.Format)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The target's progress was written by a newer cdc: its format is {format}, this one reads "
                + $"{ProgressSql.Format}.",
                "Use the newer cdc.");
        }
        return new()
        {
            Changefeed = changefeed,
            Source = new(first[5]!, first[6]!, first[7]!, (uint)Number(first[8])),
            Owner = new(Number(first[1]), Number(first[2])),
            Position = rows.Select(static row => At(row[3], row[4])).Min(),
            Copied = ReadCopied(connection),
            Schemas = ReadSchemas(connection),
        };
    }

    /// <summary>Makes the tables, and takes the span for the owner. Whoever writes there now is waited for, and can't
    /// commit afterwards.</summary>
    public SinkProgress Claim(PgConnection connection, SinkClaim claim)
    {
        CreateTables(connection);
        if (Read(connection) is { } found) CheckSource(found.Source, claim.Source);
        SourceIdentity source = claim.Source;
        connection.Query(FormattableString.Invariant($"""
            INSERT INTO cdc.progress VALUES ({_name}, 'stream', {claim.Span.Table.Value}, {claim.Span.From},
            {claim.Span.To}, {ProgressSql.Format}, 0, 0, '0/0', 0, {PostgresNames.Literal(source.Kind)},
            {PostgresNames.Literal(source.System)}, {PostgresNames.Literal(source.Database)}, {source.Timeline},
            pg_catalog.now()) ON CONFLICT DO NOTHING
            """));
        // Every row that holds a hash of the span, so that no writer of a part of it goes on.
        PgRows taken = connection.Query(FormattableString.Invariant($"""
            WITH taken AS (
                UPDATE cdc.progress SET epoch = {claim.Owner.Epoch}, number = {claim.Owner.Number}
                WHERE changefeed = {_name} AND mode = 'stream' AND table_id = {claim.Span.Table.Value}
                    AND hash_from < {claim.Span.To} AND hash_to > {claim.Span.From}
                    AND (epoch, number) < ({claim.Owner.Epoch}, {claim.Owner.Number}) RETURNING 1)
            SELECT pg_catalog.count(*) FROM taken
            """));
        if (Number(taken[0][0]) == 0) throw TargetFailures.Fenced(changefeed);
        return Read(connection)!;
    }

    /// <summary>Takes the span anew within our epoch. The server may still be at what a lost connection sent: it is
    /// waited for if it is about to commit, and can't commit afterwards.</summary>
    /// <returns>The claim with its next owner, and where the target stands.</returns>
    /// <exception cref="CdcException">SinkFenced: a larger epoch has claimed the span.</exception>
    public (SinkClaimed Claimed, CommitTs Position) Retake(PgConnection connection, SinkClaimed claimed)
    {
        // An earlier attempt may have raised the number without our hearing of it.
        PgRows rows = connection.Query(FormattableString.Invariant($"""
            UPDATE cdc.progress SET number = number + 1 WHERE {ProgressSql.Row(changefeed, claimed.Span)}
            AND epoch = {claimed.Owner.Epoch} AND number >= {claimed.Owner.Number}
            RETURNING commit - '0/0'::pg_lsn, step, number
            """));
        if (rows.Count == 0) throw TargetFailures.Fenced(changefeed);
        return (claimed with { Owner = new(claimed.Owner.Epoch, Number(rows[0][2])) }, At(rows[0][0], rows[0][1]));
    }

    static bool HasTables(PgConnection connection) =>
        Number(connection.Query(ProgressSql.Exists)[0][0]) == ProgressSql.TableCount;

    // IF NOT EXISTS does not hold against another session that creates the same at the same time.
    static void CreateTables(PgConnection connection)
    {
        for (int attempt = 1; !HasTables(connection); attempt++)
        {
            try
            {
                foreach (string statement in ProgressSql.Create) connection.Query(statement);
            }
            catch (CdcException failure) when (attempt < CreateAttempts
                && PgServerError.Of(failure)?.SqlState is "23505" or "42P07" or "42P06" or "42710")
            {
                // The other session's is as good.
            }
        }
    }

    void CheckSource(SourceIdentity known, SourceIdentity claimed)
    {
        if (known == claimed) return;
        throw new CdcException(FailureKind.SinkUnfit,
            $"The target holds rows of changefeed {changefeed} from another source ({known.Kind} database "
            + $"{known.Database}, system {known.System}, timeline {known.Timeline}).",
            "Choose another --name, or another target.");
    }

    /// <summary>Tables whose copy is complete, and of which moment it is.</summary>
    public Dictionary<TableId, CommitTs> ReadCopied(PgConnection connection)
    {
        PgRows rows = connection.Query($"SELECT table_id, commit - '0/0'::pg_lsn, step FROM cdc.tables "
            + $"WHERE changefeed = {_name} AND commit IS NOT NULL");
        return rows.ToDictionary(static row => new TableId((long)Number(row[0])), static row => At(row[1], row[2]));
    }

    IReadOnlyList<TableSchema> ReadSchemas(PgConnection connection)
    {
        PgRows rows = connection.Query(
            $"SELECT version FROM cdc.schemas WHERE changefeed = {_name} ORDER BY since_commit, since_step, table_id");
        return [.. rows.Select(static row => SchemaJson.Read(Encoding.UTF8.GetBytes(row[0]!), "cdc.schemas"))];
    }

    static CommitTs At(string? commit, string? step) => new(Number(commit), (uint)Number(step));

    static ulong Number(string? text) => ulong.Parse(text!, NumberStyles.None, CultureInfo.InvariantCulture);
}
