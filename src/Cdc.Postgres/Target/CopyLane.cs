using Cdc.Engine.Failures;
using Cdc.Engine.Rows;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>One session with a running copy into a table. One thread at a time.</summary>
internal sealed class CopyLane
{
    readonly TargetTable _table;
    readonly Expectations _expectations = new();
    readonly bool _keeps;
    readonly CommitTs _at;
    long _rows;

    /// <param name="keeps">Rows that are there stay, and take the source's values where they have the same
    /// key.</param>
    public CopyLane(TargetSession session, TargetTable table, CommitTs at, bool keeps)
    {
        (Session, _table, _at, _keeps) = (session, table, at, keeps && !table.Schema.Key.IsEmpty);
        session.Pipeline.Query("BEGIN");
        _expectations.Add(-1);
        if (_keeps)
        {
            session.Pipeline.Query($"CREATE TEMP TABLE cdc_copy ON COMMIT DROP AS SELECT {table.ColumnList} "
                + $"FROM {table.Name} WITH NO DATA");
            _expectations.Add(-1);
        }
        session.Pipeline.StartCopy(_keeps ? $"COPY cdc_copy ({table.ColumnList}) FROM STDIN" : table.CopyInto);
    }

    public TargetSession Session { get; }

    public void Write(RowBatch batch)
    {
        foreach (Row row in batch) CopyText.Line(Session.Pipeline, _table, row.New);
        _rows += batch.Count;
    }

    /// <summary>Ends the copy and commits, if the owner still is the owner.</summary>
    public void Complete(SinkClaimed claimed)
    {
        PgPipeline pipeline = Session.Pipeline;
        pipeline.EndCopy();
        _expectations.Add(_rows, _table, _at);
        if (_keeps)
        {
            pipeline.Query($"INSERT INTO {_table.Name} ({_table.ColumnList}) OVERRIDING SYSTEM VALUE "
                + $"SELECT {_table.ColumnList} FROM pg_temp.cdc_copy{_table.OnConflict}");
            _expectations.Add(-1, _table, _at);
        }
        pipeline.Query(ProgressSql.Hold(claimed));
        pipeline.Query("COMMIT");
        _expectations.Add(-1);
        _expectations.Add(-1);
        pipeline.Sync();
        if (_expectations.Judge(pipeline) is not { } verdict) return;
        if (verdict.IsFenced) throw TargetFailures.Fenced(claimed.Changefeed);
        throw verdict.ToException(Session.Connection.Endpoint, CopyColumn.Of(verdict));
    }
}
