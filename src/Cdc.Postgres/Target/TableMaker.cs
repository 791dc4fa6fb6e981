using Cdc.Engine.Schemas;
using Cdc.Postgres.Target.Ddl;
using Microsoft.Extensions.Logging;

namespace Cdc.Postgres.Target;

/// <summary>Makes tables, and does the source's DDL to them. Each call within a transaction that the caller has
/// begun.</summary>
internal sealed partial class TableMaker(PostgresSinkOptions options, CancellationToken ended)
{
    readonly ILogger _logger = options.Loggers.CreateLogger("Cdc.Postgres.Target");

    /// <summary>What running DDL needs to know.</summary>
    public DdlOptions Ddl => new()
    {
        Changefeed = options.Name,
        Mode = options.Ddl,
        Said = sentence => LogSaid(_logger, sentence),
        Waits = sentence => LogSaid(_logger, sentence),
    };

    public CancellationToken Ended => ended;

    /// <summary>The table without what makes loading it slow.</summary>
    public void Create(TargetSession session, TableSchema schema) =>
        Run(session, TableStatements.Create(PlainDefinition.Complete(schema)));

    /// <summary>Keys and indexes of a table whose rows are there.</summary>
    public void Finish(TargetSession session, TableSchema schema) =>
        Run(session, TableStatements.Keys(PlainDefinition.Complete(schema)));

    /// <summary>Ties tables to each other: all of them are there.</summary>
    public void Tie(TargetSession session, IReadOnlyList<TableSchema> tables) =>
        Run(session, TableStatements.Ties([.. tables.Select(PlainDefinition.Complete)]));

    void Run(TargetSession session, IEnumerable<DdlStatement> statements) =>
        DdlExecutor.Run(session.Connection, [.. statements], Ddl, ended);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Target: {Sentence}")]
    static partial void LogSaid(ILogger logger, string sentence);
}
