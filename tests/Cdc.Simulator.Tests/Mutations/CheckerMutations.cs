namespace Cdc.Simulator.Tests.Mutations;

/// <summary>For each checker a rule of the protocol that is switched off, and the checker that has to notice.</summary>
public static class CheckerMutations
{
    const string BlockHandling = "Dispatching/BlockHandling.cs";
    const string Dispatcher = "Dispatching/Dispatcher.cs";
    const string Positions = "Dispatching/Positions.cs";
    const string Manager = "Managing/DispatcherManager.cs";
    const string Steps = "Barriers/EventSteps.cs";

    public static TheoryData<string, Mutation> All { get; } = new()
    {
        { "INV-1", new("Rows do not wait for a block event", Dispatcher,
            "&& !_block.IsPending && !_rows.Inbox",
            "&& (!_block.IsPending || _rows.Inbox.TryPeekRows(out _)) && !_rows.Inbox") },
        { "INV-2", new("No flush before WAITING", BlockHandling,
            "        effects.Add(new FlushSink(shared.Mode, dispatcher.Id, dispatcher.Owner, ticket));", """
                    if (_isLocal) effects.Add(new FlushSink(shared.Mode, dispatcher.Id, dispatcher.Owner, ticket));
                    else { sink.Begin(Operation.None); Flushed(default, effects); }
            """) },
        { "INV-4", new("DONE is answered before it is done", BlockHandling,
            "when dispatcher.Checkpoint >= id.At:", "when true:") },
        { "INV-6", new("An event that blocks is executed at once", BlockHandling,
            "(id, payload, null, !Blocks(id, payload.Influence));", "(id, payload, null, true);") },
        { "INV-7", new("WAITING is not repeated", BlockHandling,
            "if (_phase == BlockPhase.Waiting && !_isAcknowledged && _repeatAt <= now) Offer(now);",
            "if (_repeatAt <= now) _repeatAt = now + DispatcherTimes.Repeat;") },
        { "INV-8", new("Nothing is held", BlockHandling,
            "bool isHeld = !_isLocal && !_scheduled.IsEmpty;", "bool isHeld = false;") },
        { "INV-9", new("The checkpoint passes what is not scheduled", Positions,
            "if (block.FirstScheduled is { } scheduled && scheduled <= checkpoint) checkpoint = scheduled.Previous;",
            "") },
        { "INV-10", new("The checkpoint passes what is not durable", Positions,
            "if (rows.FirstWritten is { } written && written <= checkpoint) checkpoint = written.Previous;", "") },
        { "INV-11", new("A WRITE to one that is writing writes again", BlockHandling,
            "bool isWaited = _phase == BlockPhase.Waiting && id == _event;",
            "bool isWaited = _phase is BlockPhase.Waiting or BlockPhase.Writing && id == _event;") },
        { "INV-13", new("Nobody has to stand at it", Steps,
            "if (survey.Uncovered > 0 || MustWait(e, survey)) return;",
            "if (survey.FirstWaiting is null || MustWait(e, survey)) return;") },
        { "INV-14", new("PASS without WRITE", Steps,
            "        e.Write(writer, now);\n        batch.Add(writer.Node, e.Id, InstructionKind.Write, writer.Id);",
            "        if (e.IsPending) Apply(e, now); e.Written(now);") },
        { "INV-15", new("The trigger is nobody special", Steps,
            "if (survey.IsTriggerWaiting) return schedule.Trigger;", "") },
        { "INV-16", new("The schedule goes before the writer", Steps,
            "        e.Write(writer, now);", "        if (e.IsPending) Apply(e, now); e.Write(writer, now);") },
        { "INV-19", new("The checkpoint goes back", "Scheduling/Numbering.cs",
            "if (to <= Value) return false;", "if (to == Value) return false;") },
        { "INV-20", new("Who does not replicate is believed", "Barriers/Barrier.cs",
            "        if (!task.IsReplicating)\n        {\n            if (status.Stage is",
            "        if (task.State == TaskState.Absent)\n        {\n            if (status.Stage is") },
        { "INV-34", new("A split table is not merged before the write", Steps,
            "        if (e.SplitYet.Count > 0) return;\n", "") },
        { "a gap", new("What was forgotten counts as lost", "Sessions/SessionKeeper.cs",
            "bool isLost = reset.Start < log.LostUpTo;", "bool isLost = true;")
            {
                // Only leftovers need what was forgotten.
                Behind = new("What stops a leftover stops the changefeed", "Maintenance/Tenure.cs",
                    "failure.Of is not { } of || Find(of.Mode)?.Schedule.Has(node, of) == true;", "true;"),
            } },
        { "INV-26", new("A stale maintainer is obeyed", Manager, """
                    if (message.Epoch < _ownership.Current)
                        effects.Send(from, new Superseded(message.Epoch, _ownership.Current));
                    else if (message is BootstrapRequest request) OnBootstrap(from, request, now, effects);
                    else if (_ownership.Allows(message.Epoch)) Obey(from, message, now, effects);
            """, """
                    if (message is not BootstrapRequest request) Obey(from, message, now, effects);
                    else if (message.Epoch >= _ownership.Current) OnBootstrap(from, request, now, effects);
            """) },
        { "INV-27", new("A tombstone is opened", Manager,
            "|| _ownership.IsBuried(request.Epoch)) return;", ") return;") },
        { "INV-29", new("An epoch is granted twice", "Changefeeds/EpochRecord.cs",
            "internal EpochRecord Grant(Guid instance) => new(Latest.Next,",
            "internal EpochRecord Grant(Guid instance) => new(IsHeld ? Latest : Latest.Next,") },
        { "INV-33", new("What was not sent goes to the end", "Managing/BlockStatusQueue.cs",
            "if (!isSent) return false;", "if (!isSent) { _requests.Enqueue(_requests.Dequeue()); return false; }")
            { From = 700 } },
        { "INV-35", new("A manager asks nobody", Manager,
            "bool asks = _closing is null && _owner.IsAskDue(now);", "bool asks = false;") },
        { "wire", new("An older peer gets the fields of a later version", "Messages/Wire/Field.cs",
            "if (writer.Version >= since) shape.Write", "shape.Write") },
        { "INV-34", new("A table that may not be split is forgotten", "BlockPayload.cs",
            "|| Unsplit.Length > 0", "") },
        { "L1", new("PASS is said once, again only by another maintainer", Steps,
            "if (e.LastWave is not { } last) return true;",
            "if (e.LastWave is not { } last) return true; if (last >= TimeSpan.Zero) return false;") },
        { "L2", new("Ignored is always answered at once", BlockHandling, "if (_isRepeatedFast) return;", "") },
        { "L3", new("A late message of an earlier epoch ends a maintainer", "Maintenance/Maintainer.cs",
            "if (message.Epoch > Epoch ||", "if (message.Epoch != Epoch ||") },
        { "INV-S4", new("A hand-over before the last one is taken", Dispatcher,
            "Session != 0 && !_rows.IsHandingOver &&", "Session != 0 &&") },
        { "INV-S6", new("What stops nobody is executed without a flush", BlockHandling,
            "        else Flush(effects);\n    }\n\n    public void Flushed", """
                    else if (_isLocal)
                    {
                        if (payload.ChangesSchedule) _scheduled.Install(ReportOf(BlockStage.Scheduled));
                        Write(effects);
                    }
                    else Flush(effects);
                }

                public void Flushed
            """) },
    };
}
