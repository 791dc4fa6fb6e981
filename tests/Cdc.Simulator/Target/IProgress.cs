using Cdc.Protocol;

namespace Cdc.Simulator.Target;

/// <summary>Who may write a span of the target, and how far it is.</summary>
public interface IProgress
{
    /// <summary>Whether somebody else's open transaction holds a part of the span: a claim has to wait.</summary>
    bool IsBusy(TableSpan span);

    /// <summary>Takes the span for an owner; what smaller owners hold of it can't be written by them any more.</summary>
    /// <param name="position">Up to where everything of the span is there; null: nobody has written that down.</param>
    /// <returns>False: a larger owner has a part of it.</returns>
    bool TryClaim(TableSpan span, Owner owner, out CommitTs? position);

    /// <summary>Opens a transaction on a span: its row is changed, so that a claim waits.</summary>
    /// <returns>Null: the owner has lost the span.</returns>
    ProgressRow? Begin(TableSpan span, Owner owner);

    /// <summary>Ends it: everything of the span up to the row's position is there.</summary>
    void Commit(ProgressRow row);

    /// <summary>Ends it: nothing is there.</summary>
    void Rollback(ProgressRow row);

    /// <summary>Ends it: the span was filled anew.</summary>
    void Copied(ProgressRow row, CommitTs at);

    /// <summary>Somebody else's copy is taken over: whoever wrote has to claim again.</summary>
    void Followed(TableId table, CommitTs at);

    /// <summary>A block event that changes a table is executed: all before it is there, and so is it.</summary>
    void Executed(TableId table, CommitTs at);

    /// <summary>How far a key is.</summary>
    CommitTs Of(TableId table, uint hash);
}

/// <summary>Nobody writes anything down, so nobody can be refused and everybody starts where it is told.</summary>
public sealed class NoProgress : IProgress
{
    public bool IsBusy(TableSpan span) => false;

    public bool TryClaim(TableSpan span, Owner owner, out CommitTs? position)
    {
        position = null;
        return true;
    }

    public ProgressRow? Begin(TableSpan span, Owner owner) => new(span, owner, CommitTs.Zero);

    public void Commit(ProgressRow row) { }

    public void Rollback(ProgressRow row) { }

    public void Copied(ProgressRow row, CommitTs at) { }

    public void Followed(TableId table, CommitTs at) { }

    public void Executed(TableId table, CommitTs at) { }

    public CommitTs Of(TableId table, uint hash) => CommitTs.Zero;
}
