namespace Cdc.Protocol.Changefeeds;

/// <summary>What a command makes of a record; null: nothing, and the result says why.</summary>
static class Commands
{
    public static (CommandResult Result, ChangefeedRecord? Record) Decide(
        ChangefeedRecord? record, ChangefeedCommand command)
    {
        if (command is CreateChangefeed create) return record is null ? Create(create) : (CommandResult.Exists, null);
        if (record is null) return (CommandResult.Missing, null);
        if (command is RemoveChangefeed) return Remove(record);
        if (record.Closing == Closing.Remove || record.State == ChangefeedState.Removed)
        {
            return (CommandResult.Removed, null);
        }
        return command switch
        {
            PauseChangefeed => Pause(record),
            ResumeChangefeed => Resume(record),
            UpdateTarget update => Update(record, update.TargetTs),
            CopyTable copy => Copy(record, copy.Table),
            _ => throw new InvalidOperationException($"{command.GetType().Name} is not a command."),
        };
    }

    static (CommandResult, ChangefeedRecord?) Create(CreateChangefeed command) =>
        command.Settings.TargetTs <= command.Start
            ? (CommandResult.TargetReached, null)
            : (CommandResult.Done, ChangefeedRecord.New(command.Id, command.Start, command.Settings));

    static (CommandResult, ChangefeedRecord?) Pause(ChangefeedRecord record)
    {
        if (!record.IsRunning) return (CommandResult.RunsNot, null);
        Closing closing = record.Epochs.MayBeOpen ? Closing.Stop : Closing.None;
        return (CommandResult.Done, record with { State = ChangefeedState.Stopped, Closing = closing });
    }

    // What a maintainer that is still closing says from here on is late; the next one takes over what it has not
    // closed yet.
    static (CommandResult, ChangefeedRecord?) Resume(ChangefeedRecord record)
    {
        if (record.IsRunning) return (CommandResult.Runs, null);
        if (record.Checkpoint >= record.Settings.TargetTs) return (CommandResult.TargetReached, null);
        return (CommandResult.Done, record with
        {
            State = ChangefeedState.Normal,
            Closing = Closing.None,
            Epochs = record.Epochs.SetAside(),
            Trouble = null,
        });
    }

    static (CommandResult, ChangefeedRecord?) Update(ChangefeedRecord record, CommitTs? target)
    {
        if (record.IsRunning) return (CommandResult.Runs, null);
        if (record.Checkpoint >= target) return (CommandResult.TargetReached, null);
        return (CommandResult.Done, record with { Settings = record.Settings with { TargetTs = target } });
    }

    static (CommandResult, ChangefeedRecord?) Copy(ChangefeedRecord record, TableId table)
    {
        if (!record.Parking.IsParked(table)) return (CommandResult.NotParked, null);
        if (record.Parking.Wanted.Contains(table)) return (CommandResult.Done, null);
        return (CommandResult.Done, record with { Parking = record.Parking.Want(table) });
    }

    // Whoever closes for a pause can't be told from one that has cleaned up, so its epoch is taken from it.
    static (CommandResult, ChangefeedRecord?) Remove(ChangefeedRecord record)
    {
        if (record.State == ChangefeedState.Removed) return (CommandResult.Removed, null);
        if (record.Closing == Closing.Remove) return (CommandResult.Done, null);
        if (record.Epochs.Latest == Epoch.None)
        {
            return (CommandResult.Done, record with { State = ChangefeedState.Removed });
        }
        return (CommandResult.Done, record with
        {
            State = record.IsRunning ? ChangefeedState.Stopped : record.State,
            Closing = Closing.Remove,
            Epochs = record.Closing == Closing.Stop ? record.Epochs.SetAside() : record.Epochs,
        });
    }
}
