using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Tests.Driving;

/// <summary>Decide, persist, apply, speak.</summary>
public sealed class InterpreterTests
{
    static readonly Store Stored = new();
    static readonly End Ended = new("done");
    static readonly TimeSpan Now = TimeSpan.FromSeconds(1);

    readonly List<Effect> _done = [];

    [Fact]
    public void What_needs_no_persist_is_done_at_once_in_its_order()
    {
        Interpreter interpreter = Of(Say(1), Say(2));
        interpreter.Take(Tick.Now, Now);
        Assert.Equal([Say(1), Say(2)], _done);
        Assert.True(interpreter.IsReady);
        interpreter.Take(Tick.Now, Now);
        Assert.Equal([Say(1), Say(2), Say(1), Say(2)], _done);
    }

    [Fact]
    public void What_is_behind_a_persist_waits_for_it_and_what_is_before_it_does_not()
    {
        Interpreter interpreter = Of(Say(1), Stored, Say(2), Say(3));
        interpreter.Take(Tick.Now, Now);
        Assert.Equal([Say(1), Stored], _done);
        Assert.Equal(InterpreterState.Persisting, interpreter.State);
        interpreter.PersistEnded(PersistOutcome.Persisted);
        Assert.Equal([Say(1), Stored, Say(2), Say(3)], _done);
        Assert.True(interpreter.IsReady);
    }

    [Fact]
    public void Each_of_two_persists_holds_back_what_is_behind_it()
    {
        Interpreter interpreter = Of(Stored, Say(1), Stored, Say(2));
        interpreter.Take(Tick.Now, Now);
        interpreter.PersistEnded(PersistOutcome.Persisted);
        Assert.Equal([Stored, Say(1), Stored], _done);
        Assert.False(interpreter.IsReady);
        interpreter.PersistEnded(PersistOutcome.Persisted);
        Assert.Equal([Stored, Say(1), Stored, Say(2)], _done);
        Assert.True(interpreter.IsReady);
    }

    [Fact]
    public void Nothing_is_taken_while_a_persist_is_open()
    {
        Interpreter interpreter = Of(Stored);
        interpreter.Take(Tick.Now, Now);
        Assert.False(interpreter.IsReady);
        Assert.Throws<InvalidOperationException>(() => interpreter.Take(Tick.Now, Now));
        Assert.Equal([Stored], _done);
        interpreter.PersistEnded(PersistOutcome.Persisted);
        interpreter.Take(Tick.Now, Now);
        Assert.Equal([Stored, Stored], _done);
    }

    [Theory]
    [InlineData(PersistOutcome.Refused)]
    [InlineData(PersistOutcome.Unknown)]
    public void A_persist_that_is_refused_or_of_unknown_outcome_ends_it_and_nothing_behind_it_is_ever_done(PersistOutcome outcome)
    {
        Interpreter interpreter = Of(Stored, Say(1));
        interpreter.Take(Tick.Now, Now);
        interpreter.PersistEnded(outcome);
        Assert.Equal(InterpreterState.Ended, interpreter.State);
        Assert.Equal([Stored], _done);
        Assert.Throws<InvalidOperationException>(() => interpreter.Take(Tick.Now, Now));
        Assert.Throws<InvalidOperationException>(() => interpreter.PersistEnded(PersistOutcome.Persisted));
    }

    [Fact]
    public void An_end_ends_it_and_what_is_behind_it_is_not_done()
    {
        Interpreter interpreter = Of(Say(1), Ended, Say(2));
        interpreter.Take(Tick.Now, Now);
        Assert.Equal([Say(1), Ended], _done);
        Assert.Equal(InterpreterState.Ended, interpreter.State);
        Assert.Throws<InvalidOperationException>(() => interpreter.Take(Tick.Now, Now));
    }

    [Fact]
    public void An_end_behind_a_persist_comes_after_it()
    {
        Interpreter interpreter = Of(Stored, Ended);
        interpreter.Take(Tick.Now, Now);
        Assert.Equal(InterpreterState.Persisting, interpreter.State);
        interpreter.PersistEnded(PersistOutcome.Persisted);
        Assert.Equal([Stored, Ended], _done);
        Assert.Equal(InterpreterState.Ended, interpreter.State);
    }

    [Fact]
    public void Closing_from_outside_drops_what_waits()
    {
        Interpreter interpreter = Of(Stored, Say(1));
        interpreter.Take(Tick.Now, Now);
        interpreter.Close();
        Assert.Equal(InterpreterState.Ended, interpreter.State);
        Assert.Throws<InvalidOperationException>(() => interpreter.PersistEnded(PersistOutcome.Persisted));
        Assert.Equal([Stored], _done);
    }

    [Fact]
    public void An_answer_to_a_persist_that_nobody_began_is_a_bug() =>
        Assert.Throws<InvalidOperationException>(() => Of(Say(1)).PersistEnded(PersistOutcome.Persisted));

    [Fact]
    public void The_role_gets_the_input_and_the_time_as_they_are()
    {
        Scripted role = new([]);
        new Interpreter(role, new Port(_done)).Take(new SendEnded(5, true), Now);
        Assert.Equal([(new SendEnded(5, true), Now)], role.Taken);
    }

    Interpreter Of(params Effect[] effects) => new(new Scripted(effects), new Port(_done));

    static Send Say(ulong epoch) => new(Party.Changefeed, new PostBootstrapRequest(new(epoch)));

    sealed record Store : Persist;

    sealed class Scripted(Effect[] effects) : IRole
    {
        public List<(Input, TimeSpan)> Taken { get; } = [];

        public void Handle(Input input, TimeSpan now, Effects output)
        {
            Taken.Add((input, now));
            foreach (Effect effect in effects) output.Add(effect);
        }
    }

    sealed class Port(List<Effect> done) : IPort
    {
        public void Do(Effect effect) => done.Add(effect);
    }
}
