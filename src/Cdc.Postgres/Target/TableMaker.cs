using Cdc.Engine.Schemas;
using Cdc.Postgres.Target.Ddl;
using Cdc.Protocol;
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
    /// <param name="copied">Of which moment each is. Only what two of one moment have between them must fit; of others
    /// the log brings the later state.</param>
    public void Tie(
        TargetSession session, IReadOnlyList<TableSchema> tables, IReadOnlyDictionary<TableId, CommitTs> copied)
    {
        Dictionary<TableName, CommitTs?> moments = tables.ToDictionary(
            static table => table.Name,
            table => copied.TryGetValue(table.Id, out CommitTs at) ? at : (CommitTs?)null);
        Run(session, TableStatements.Ties([.. tables.Select(PlainDefinition.Complete)])
            .Select(tie => tie with { IsOptional = tie.Needs is { } other && !AreOfOneMoment(tie.Of, other) }));

        bool AreOfOneMoment(TableName one, TableName other) =>
            moments.GetValueOrDefault(one) is { } at && moments.GetValueOrDefault(other) == at;
    }

    void Run(TargetSession session, IEnumerable<DdlStatement> statements) =>
        DdlExecutor.Run(session.Connection, [.. statements], Ddl, ended);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sentence}")]
    static partial void LogSaid(ILogger logger, string sentence);
}
