using System.Collections.Concurrent;
using Cdc.Engine.Rows;

namespace Cdc.Engine.Tests.Rows;

/// <summary>AC-V1: the two stages of an acknowledgement.</summary>
public sealed class AcV1AcknowledgementTests
{
    [Fact]
    public void Flushing_alone_is_heard_as_flushed_and_then_as_enqueued_once()
    {
        Heard heard = new();
        Acknowledgement acknowledgement = new(heard);
        acknowledgement.Flushed();
        Assert.Equal(["flushed", "enqueued"], heard.Calls);
        Assert.True(acknowledgement.IsFlushed);
        Assert.True(acknowledgement.IsEnqueued);
    }

    [Fact]
    public void Both_stages_are_heard_in_order_and_once_however_often_they_are_called()
    {
        Heard heard = new();
        Acknowledgement acknowledgement = new(heard);
        acknowledgement.Enqueued();
        Assert.Equal(["enqueued"], heard.Calls);
        Assert.False(acknowledgement.IsFlushed);
        acknowledgement.Enqueued();
        acknowledgement.Flushed();
        acknowledgement.Flushed();
        acknowledgement.Enqueued();
        Assert.Equal(["enqueued", "flushed"], heard.Calls);
    }

    [Fact]
    public void Every_listener_hears_both_stages()
    {
        Heard first = new();
        Heard second = new();
        Acknowledgement acknowledgement = new(first);
        acknowledgement.Listen(second);
        acknowledgement.Enqueued();
        acknowledgement.Flushed();
        Assert.Equal(["enqueued", "flushed"], first.Calls);
        Assert.Equal(first.Calls, second.Calls);
    }

    [Fact]
    public void Nobody_may_begin_to_listen_after_the_first_stage()
    {
        Acknowledgement acknowledgement = new();
        acknowledgement.Enqueued();
        Assert.Throws<InvariantBrokenException>(() => acknowledgement.Listen(new Heard()));
    }

    [Fact]
    public void Each_stage_is_heard_once_however_many_threads_race()
    {
        const int Threads = 8;
        const int Rounds = 2000;
        Heard[] heard = [.. Enumerable.Range(0, Rounds).Select(_ => new Heard())];
        Acknowledgement[] acknowledgements = [.. heard.Select(listener => new Acknowledgement(listener))];
        using Barrier together = new(Threads);
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                together.SignalAndWait();
                if (number % 2 == 0) acknowledgements[round].Enqueued();
                else acknowledgements[round].Flushed();
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(heard, static listener => Assert.Equal(["enqueued", "flushed"], listener.Calls.Order()));
    }

    sealed class Heard : IAcknowledgementListener
    {
        public ConcurrentQueue<string> Calls { get; } = new();

        public void Enqueued(Acknowledgement acknowledgement) => Calls.Enqueue("enqueued");

        public void Flushed(Acknowledgement acknowledgement) => Calls.Enqueue("flushed");
    }
}
