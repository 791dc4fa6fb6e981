using Cdc.Protocol;
using Cdc.Protocol.Dispatching;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Managing;
using Cdc.Protocol.Messages;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Cluster;
using Cdc.Simulator.Tests.Mutations;

namespace Cdc.Simulator.Tests;

/// <summary>A checker that can't fail is none.</summary>
public sealed class CheckerTests(MutantFactory factory, ITestOutputHelper output) : IClassFixture<MutantFactory>
{
    [Theory]
    [MemberData(nameof(CheckerMutations.All), MemberType = typeof(CheckerMutations))]
    public void Every_checker_notices_what_it_is_there_for(string rule, Mutation mutation)
    {
        string? broken = factory.Make(mutation).FirstBroken(mutation.From, 400);
        output.WriteLine($"{rule} | {mutation} | {broken}");
        Assert.Contains($" {rule}: ", broken ?? $"nobody notices: {mutation}");
    }

    [Fact]
    public void A_request_that_says_the_same_twice_is_noticed()
    {
        BlockStatus done = Status(10, BlockStage.Done);
        BlockStatusRequest request = new(new(1), Mode.Event, [done, done]);
        var broken = Assert.Throws<ViolationException>(() => new ReportRules().Sent(request, 1));
        Assert.Equal("INV-31", broken.Rule);
    }

    [Fact]
    public void A_dispatcher_that_waits_at_an_earlier_event_than_before_is_noticed()
    {
        Incarnation one = Flushed(10);
        ReportRules.Check(one, Status(10, BlockStage.Waiting), CommitTs.Zero);
        one.MaxWaiting = Event(20);
        var broken = Assert.Throws<ViolationException>(
            () => ReportRules.Check(one, Status(10, BlockStage.Waiting), CommitTs.Zero));
        Assert.Equal("INV-22", broken.Rule);
    }

    [Fact]
    public void An_event_that_is_executed_twice_is_noticed()
    {
        Incarnation one = Flushed(10);
        one.Told(Event(10), toWrite: true, isSure: true);
        one.Do(Write(10, 3), 4);
        one.Take(new BlockWritten(Mode.Event, one.Id, one.Owner, 3, false));
        Assert.Equal("INV-3", Assert.Throws<ViolationException>(() => one.Do(Write(10, 4), 5)).Rule);
    }

    [Fact]
    public void An_incarnation_that_is_replaced_in_place_is_noticed()
    {
        SimNode node = new(new("n"), 0, new(), TimeSpan.Zero, 1);
        ManagerWatch watch = new(new("manager", node, new DispatcherManager(node.Id), (_, _) => { }, (_, _) => { }));
        watch.After(new ClaimSpan(Mode.Event, Id, Owner, 1, TableSpan.Whole(new(1))));
        var broken = Assert.Throws<ViolationException>(
            () => watch.After(new ClaimSpan(Mode.Event, Id, new(1, 2), 1, TableSpan.Whole(new(1)))));
        Assert.Equal("INV-28", broken.Rule);
    }

    [Fact]
    public void A_stale_close_that_does_something_is_noticed()
    {
        SimNode node = new(new("n"), 0, new(), TimeSpan.Zero, 1);
        DispatcherManager role = new(node.Id);
        ManagerWatch watch = new(new("manager", node, role, (_, _) => { }, (_, _) => { }));
        BootstrapRequest bootstrap = new(new(2), CommitTs.Zero, [DispatcherId.TriggerOf(Mode.Event)]);
        role.Handle(new Received(Party.Maintainer, bootstrap), TimeSpan.Zero, new());
        watch.Before(new Received(Party.Maintainer, new CloseRequest(new(1), false)));
        Assert.Equal("INV-30", Assert.Throws<ViolationException>(() => watch.After(new CleanUp())).Rule);
    }

    static readonly DispatcherId Id = new(new(1), 1);
    static readonly Owner Owner = new(1, 1);
    static readonly BlockPayload Payload = BlockPayload.Of(new Influence.All());

    static BlockEventId Event(ulong commit) => new(new(commit, 1), false);

    static BlockStatus Status(ulong commit, BlockStage stage) => new(Id, Owner, Event(commit), stage, null, null);

    static WriteBlock Write(ulong commit, long ticket) => new(Mode.Event, Id, Owner, ticket, Event(commit), Payload);

    /// <summary>An incarnation that waits at an event.</summary>
    static Incarnation Flushed(ulong commit)
    {
        Incarnation one = new(Mode.Event, Id, Owner, TableSpan.Whole(new(1)));
        one.Do(new ClaimSpan(Mode.Event, Id, Owner, 1, one.Span), 1);
        one.Take(new SpanClaimed(Mode.Event, Id, Owner, 1, null));
        one.Do(new OpenSession(Mode.Event, Id, Owner, 1, one.Span, CommitTs.Zero), 1);
        one.Take(new BlockArrived(Mode.Event, Id, Owner, 1, Event(commit), Payload));
        one.Do(new FlushSink(Mode.Event, Id, Owner, 2), 2);
        one.Take(new SinkFlushed(Mode.Event, Id, Owner, 2));
        return one;
    }
}
