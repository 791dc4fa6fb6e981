using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;

namespace Cdc.Protocol.Tests.Sessions;

/// <summary>Whatever happens to any single message: every dispatcher sees each step once and in order, and no Resolved
/// passes a step that it has not seen. <see cref="ModelDispatcher"/> looks at each delivery.</summary>
public sealed class AnyFaultTests
{
    [Theory]
    [InlineData(Fault.Lost)]
    [InlineData(Fault.Twice)]
    [InlineData(Fault.Late)]
    [InlineData(Fault.VeryLate)]
    [Trait("AC", "C1")]
    [Trait("AC", "C8")]
    public void Any_one_message_lost_repeated_or_late_changes_nothing_but_time(Fault fault)
    {
        int messages = Play(static (_, _) => Fault.None).Messages;
        Assert.True(messages > 40);
        for (int at = 0; at < messages; at++)
        {
            int hit = at;
            Play((number, _) => number == hit ? fault : Fault.None);
        }
    }

    [Fact]
    public void Any_two_batches_lost_change_nothing_but_time()
    {
        List<int> batches = [];
        Play((number, message) =>
        {
            if (message is StreamBatch) batches.Add(number);
            return Fault.None;
        });
        foreach (int first in batches)
            foreach (int second in batches)
                if (second > first)
                    Play((number, _) => number == first || number == second ? Fault.Lost : Fault.None);
    }

    [Fact]
    public void Many_faults_at_random_change_nothing_but_time()
    {
        int voided = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            Random random = new(seed);
            int percent = random.Next(2, 40);
            voided += PlayAll(Any, (Turn)(seed % 6)).Voided;

            Fault Any(int number, Message message) =>
                number > 1200 || random.Next(100) >= percent ? Fault.None : (Fault)random.Next(1, 5);
        }

        Assert.True(voided > 100, "Steps were to begin anew in their middle.");
    }

    static DeliveryRun Play(Func<int, Message, Fault> fault) => PlayAll(fault, Turn.None).Run;

    static (DeliveryRun Run, int Voided) PlayAll(Func<int, Message, Fault> fault, Turn turn)
    {
        DeliveryRun run = new(Script(), fault, pool: turn == Turn.SmallPool ? 12 : 1 << 20);
        ulong half = TableSpan.HashEnd / 2;
        List<ModelDispatcher> all =
        [
            run.Open(0, TableSpan.Whole(TableId.Trigger)),
            run.Open(1, TableSpan.Whole(new TableId(1))),
            run.Open(2, new TableSpan(new TableId(2), 0, half)),
            run.Open(3, new TableSpan(new TableId(2), (uint)half, TableSpan.HashEnd), new CommitTs(15, 0)),
        ];
        if (turn == Turn.HomeComesLater) GoElsewhere(run, all);
        run.Run(0.1);
        run.Grow(20);
        run.Run(0.2);
        run.Grow(30);
        if (turn == Turn.CreatedAgain)
        {
            run.Close(all[1]);
            all[1] = run.Open(1, all[1].Span, all[1].Checkpoint, owner: 2);
        }

        all.Add(run.Open(4, TableSpan.Whole(new TableId(3)), new CommitTs(20, 1)));
        run.Run(0.03);
        run.Grow(45);
        if (turn == Turn.ServiceDies) run.RestartService(DeliveryRun.Source);
        if (turn == Turn.HomeMoves) run.Tell(new HomeChanged(DeliveryRun.Other));
        if (turn == Turn.HomeComesLater) run.Tell(new HomeChanged(DeliveryRun.Source));
        run.Run(0.2);
        run.Grow(60);
        run.Finish();
        return (run, all.Sum(static d => d.Voided));
    }

    static void GoElsewhere(DeliveryRun run, List<ModelDispatcher> all)
    {
        run.Tell(new HomeChanged(null));
        foreach (ModelDispatcher dispatcher in all)
            run.Tell(new CandidatesOffered(Mode.Event, dispatcher.Target.Dispatcher, [DeliveryRun.Other]));
    }

    /// <summary>What happens on the way beside the faults.</summary>
    enum Turn
    {
        None,
        ServiceDies,
        HomeMoves,
        HomeComesLater,
        CreatedAgain,
        SmallPool,
    }

    static ScriptedLog Script() => new ScriptedLog().Table(1, "shop").Table(2, "shop").Table(3, "bank")
        .Row(10, 1, "a1").Row(12, 2, "low", 5).Row(12, 2, "high", 3_000_000_000)
        .Row(14, 1, "a long step in many pieces").Row(16, 2, "higher and higher", 4_000_000_000)
        .Ddl(20, 0, 3).Row(22, 3, "first of three").Row(24, 1, "a2").Syncpoint(25)
        .Row(28, 2, "lower and lower", 6).Row(28, 1, "together with it").Ddl(31, 0, 1).Row(31, 1, "in it", step: 2)
        .SchemaDdl(40, "shop").Row(42, 3, "not stopped").Row(44, 2, "another long one, in the low half", 9)
        .Ddl(50, 2).Row(52, 1, "at the end").Row(60, 2, "last", 4_000_000_000);
}
