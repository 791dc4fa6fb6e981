using System.Collections.Immutable;
using System.Diagnostics;
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
sealed class Drain(string directory) : IContender
{
    public const string Command = "drain";

    public string Name => "cdc (stream to nothing)";

    public async Task<Measurement> RunAsync(Backlog backlog, string slot)
    {
        long started = Stopwatch.GetTimestamp();
        ProcessResult result = await ProcessRun.RunAsync(Environment.ProcessPath!,
        [
            Environment.GetCommandLineArgs()[0], Command, $"{backlog.Cluster.Port}", slot, $"{backlog.End}", directory,
        ], TimeSpan.FromMinutes(10));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        long[] said = [.. result.Expect0("drain").Output.Split(' ').Select(long.Parse)];
        if (said[0] != backlog.Rows)
            throw new InvalidOperationException($"{said[0]} rows came instead of {backlog.Rows}.");
        return new(elapsed)
        {
            Rows = said[0],
            Inside = TimeSpan.FromMicroseconds(said[1]),
            Processor = TimeSpan.FromMicroseconds(said[2]),
            AllocatedBytes = said[3],
            PeakBytes = said[4],
        };
    }

    /// <summary>What the process of its own does. Prints rows, microseconds, microseconds of processor, bytes allocated
    /// and most bytes resident.</summary>
    public static async Task RunHereAsync(IReadOnlyList<string> args)
    {
        long started = Stopwatch.GetTimestamp();
        long allocated = GC.GetTotalAllocatedBytes();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long rows = await ReadAsync(args);
        long[] said =
        [
            rows,
            (long)Stopwatch.GetElapsedTime(started).TotalMicroseconds,
            (long)(Environment.CpuUsage.TotalTime - processor).TotalMicroseconds,
            GC.GetTotalAllocatedBytes() - allocated,
            Process.GetCurrentProcess().PeakWorkingSet64,
        ];
        Console.Write(string.Join(' ', said.Select(static n => n.ToString(CultureInfo.InvariantCulture))));
    }

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
