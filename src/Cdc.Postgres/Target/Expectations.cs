using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Target;

/// <summary>What a statement must come to.</summary>
/// <param name="Rows">How many rows it must write; -1: any number.</param>
/// <param name="Table">The table it changes; null if it changes none of the user's.</param>
/// <param name="At">Position of its row, or of the last of its rows.</param>
/// <param name="IsOneRow">It is the change of one row as the source did it.</param>
internal readonly record struct Expectation(long Rows, TargetTable? Table, CommitTs At, bool IsOneRow);

/// <summary>The first statement that did not come to what it must.</summary>
internal sealed record Verdict(Expectation Expected, PgAnswer Answer)
{
    public string State => Answer.Error?.SqlState ?? "";

    /// <summary>Another owner has the progress row.</summary>
    public bool IsFenced => Expected.Table is null && State == ProgressSql.FencedState;

    /// <summary>Somebody else was in the way; the same may work now.</summary>
    public bool IsPassing => State is "40001" or "40P01" or "55P03";

    /// <summary>Done row by row, in the source's order, it may work; or the row is found at which it does
    /// not.</summary>
    public bool IsWorthOneByOne => Expected is { Table: not null, IsOneRow: false }
        && !State.StartsWith("42", StringComparison.Ordinal) && !State.StartsWith("53", StringComparison.Ordinal)
        && !State.StartsWith("57", StringComparison.Ordinal) && State != "25006";

    /// <summary>A foreign key, which concerns other tables as well.</summary>
    public bool IsForeignKey => State == "23503";

    // A constraint that is checked only when the transaction ends.
    bool IsOfConstraint => State.StartsWith("23", StringComparison.Ordinal);

    public CdcException ToException(PgEndpoint endpoint, string? column) => Expected.Table is not { } table
        ? Answer.Error is { Table: not null } atEnd && IsOfConstraint
            ? TargetFailures.RefusedAtCommit(atEnd, Expected.At)
            : TargetFailures.From(PgFailures.From(Answer.Error!, endpoint))
        : Answer.Error is { } error
            ? TargetFailures.Refused(error, table.Schema.Name, Expected.At, column)
            : Expected.Rows == 0 ? TargetFailures.Renumbered(table.Schema.Name, Expected.At)
            : TargetFailures.Drifted(table.Schema.Name, Expected.At, Answer.Rows);
}

/// <summary>What is expected of the statements under way, in their order.</summary>
internal sealed class Expectations
{
    readonly List<Expectation> _all = [];

    public void Add(long rows, TargetTable? table = null, CommitTs at = default, bool isOneRow = false) =>
        _all.Add(new(rows, table, at, isOneRow));

    /// <summary>Compares with the answers, all of which must have come, and forgets both.</summary>
    public Verdict? Judge(PgPipeline pipeline)
    {
        Engine.Check.That(pipeline.Answers.Count == _all.Count);
        Verdict? verdict = null;
        for (int i = 0; i < _all.Count && verdict is null; i++)
        {
            PgAnswer answer = pipeline.Answers[i];
            bool isMet = answer.Error is null && (_all[i].Rows < 0 || _all[i].Rows == answer.Rows);
            if (!isMet) verdict = new(_all[i], answer);
        }
        Forget(pipeline);
        return verdict;
    }

    public void Forget(PgPipeline pipeline)
    {
        _all.Clear();
        pipeline.ForgetAnswers();
    }
}
