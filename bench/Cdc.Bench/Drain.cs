using System.Collections.Immutable;
using System.Globalization;
using Cdc.Engine.Options;
using Cdc.Engine.Schemas;
using Cdc.Engine.Sources;
using Cdc.Postgres.Decoding;
using Cdc.Postgres.Streaming;
using Cdc.Postgres.Wire;
using Cdc.Protocol;
using Cdc.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cdc.Bench;

/// <summary>Our stream, read in a process of its own and thrown away.</summary>
sealed class Drain(PostgresCluster cluster, BenchPlaces places) : IContender
{
    public const string Command = "drain";

    public string Name => "our stream alone, to nothing";

    public async Task PrepareAsync(int run) =>
        await cluster.ScalarAsync($"SELECT pg_create_logical_replication_slot('{SlotOf(run)}', 'pgoutput')");

    public async Task<Measurement> RunAsync(Backlog backlog, int run)
    {
        (Measurement measured, ProcessResult result) = await TimedProcess.RunAsync("dotnet",
            Environment.GetCommandLineArgs()[0], Command, $"{cluster.Port}", SlotOf(run), $"{backlog.End}",
            places.Directory);
        long[] said = [.. result.Output.Split(' ').Select(long.Parse)];
        if (said[0] != backlog.Rows + 1) // The mark is a row too.
            throw new InvalidOperationException($"{said[0]} rows came instead of {backlog.Rows} and the mark.");
        return measured with { Rows = said[0], AllocatedBytes = said[1] };
    }

    public async Task CleanAsync(int run) =>
        await cluster.ScalarAsync($"SELECT pg_drop_replication_slot('{SlotOf(run)}')");

    /// <summary>What the process of its own does. Prints rows, and bytes allocated for them.</summary>
    public static async Task RunHereAsync(IReadOnlyList<string> args)
    {
        long allocated = GC.GetTotalAllocatedBytes();
        long rows = await ReadAsync(args);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        Console.Write(string.Create(CultureInfo.InvariantCulture, $"{rows} {allocated}"));
    }

    static string SlotOf(int run) => $"drain_{run}";

    static async Task<long> ReadAsync(IReadOnlyList<string> args)
    {
        PgEndpoint endpoint = new()
        {
            Host = "127.0.0.1",
            Port = int.Parse(args[0], CultureInfo.InvariantCulture),
            Database = "postgres",
            User = PostgresCluster.Superuser,
            SslMode = SslMode.Disable,
        };
        CommitTs end = CommitTs.End(ulong.Parse(args[2], CultureInfo.InvariantCulture));
        LogStreamOptions options = new()
        {
            Connect = stop => PgConnection.Connect(endpoint, new() { Replication = true }, stop),
            Slot = args[1],
            Publications = [Backlog.Publication],
            Catalog = new OneTable(),
            Selection = TableSelection.Everything,
            SpillDirectory = Path.Combine(args[3], "spill"),
            Logger = NullLogger.Instance,
        };
        await using LogStream stream = new(options, new());
        StreamStart start = new(CommitTs.Zero, CommitTs.Zero, new([]), new Dictionary<TableId, CommitTs>());
        long rows = 0;
        await foreach (SourceEvent @event in stream.ReadAsync(start, CancellationToken.None))
        {
            if (@event is SourceEvent.Rows { Batch: var batch })
            {
                rows += batch.Count;
                batch.Release();
            }
            else if (@event is SourceEvent.Resolved resolved && resolved.At >= end) break;
        }
        return rows;
    }

    sealed class OneTable : ITableCatalog
    {
        public ColumnType Resolve(uint typeOid, int typmod) => new(TypeKind.Other, "", typeOid, typmod);

        public ImmutableArray<string> Key(uint tableOid) => ["id"];
    }
}
