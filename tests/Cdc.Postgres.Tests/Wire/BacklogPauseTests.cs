using Cdc.Postgres.Wire;
using Xunit;

namespace Cdc.Postgres.Tests.Wire;

public sealed class BacklogPauseTests
{
    const int Little = 200;
    const int Much = 60_000;
    const int Full = 64 << 10;

    readonly BacklogPause _pause = new();

    [Fact]
    public void Rests_grow_to_their_bound_while_they_bring_much() =>
        Assert.Equal([2, 4, 8, 16, 20, 20], RestsThatBring(Much, 6));

    [Fact]
    public void Rests_are_the_shortest_where_little_comes() =>
        Assert.Equal([1, 1, 1], RestsThatBring(Little, 3));

    [Fact]
    public void Rests_shrink_step_by_step_when_a_backlog_thins_out()
    {
        RestsThatBring(Much, 6);

        Assert.Equal([10, 5, 2, 1, 1], RestsThatBring(Little, 5));
    }

    [Fact]
    public void A_full_read_is_followed_by_the_next_without_a_rest()
    {
        _pause.Received(Full);
        Assert.False(_pause.IsDue);

        _pause.Received(Full - 1);
        Assert.True(_pause.IsDue);
    }

    [Fact]
    public void All_reads_since_a_rest_count_for_the_next()
    {
        RestsThatBring(Much, 5);
        for (int read = 0; read < 25; read++) _pause.Received(1 << 10);

        Assert.Equal(20, _pause.Next());
    }

    int[] RestsThatBring(int bytes, int count)
    {
        int[] rests = new int[count];
        for (int i = 0; i < count; i++)
        {
            _pause.Received(bytes);
            rests[i] = _pause.Next();
        }
        return rests;
    }
}
