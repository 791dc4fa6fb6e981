using Cdc.Protocol;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>One table of the target, which knows what the source had at each position.</summary>
public abstract class TargetTable(TableHistory history)
{
    public TableHistory History { get; } = history;

    public uint Shape { get; set; } = 1;

    /// <summary>The position of its last copy: what the source did up to there is in it.</summary>
    public CommitTs CopiedAt { get; protected set; }

    /// <summary>How often a span of it was claimed.</summary>
    public int Claims { get; set; }

    /// <summary>The DROP is there; it stays for what comes late.</summary>
    public bool IsDropped { get; set; }

    /// <summary>Whether a change is there already, so that it changes nothing when it comes again.</summary>
    public virtual bool Has(CommitTs at, RowChange change, int place) => false;

    /// <summary>Takes one change.</summary>
    /// <param name="at">The step.</param>
    /// <param name="change">What it does.</param>
    /// <param name="place">Which of the step's changes of this key it is: without a key there may be several.</param>
    /// <param name="isChecked">Whether the table counts: not while it is parked.</param>
    /// <exception cref="ViolationException">It is not the one that comes next.</exception>
    public abstract void Apply(CommitTs at, RowChange change, int place, bool isChecked);

    /// <summary>A step is whole: constraints hold again.</summary>
    /// <exception cref="ViolationException">One does not.</exception>
    public virtual void StepEnded(CommitTs at) { }

    public abstract void Truncate(CommitTs at);

    /// <summary>It is what the source had at a position.</summary>
    public abstract void Copy(CommitTs at);

    /// <summary>Of this key all is there up to a position.</summary>
    /// <param name="isExact">And nothing behind it.</param>
    /// <param name="rule">Which is broken otherwise.</param>
    /// <param name="block">What is executed there, for people.</param>
    /// <exception cref="ViolationException">It is not so.</exception>
    public abstract void Check(uint key, CommitTs upTo, bool isExact, string rule, BlockStep? block = null);

    /// <summary>The same for all keys.</summary>
    public void Check(CommitTs upTo, bool isExact, string rule, BlockStep? block = null)
    {
        foreach (uint key in History.Keys.Keys) Check(key, upTo, isExact, rule, block);
    }

    protected ViolationException Broken(string rule, uint key, string what, BlockStep? block = null) =>
        new(rule, $"table {History.Table}, key {key:X8}: {what} {block?.Event} {block?.Ddl.Text}");
}
