namespace Cdc.Protocol.Managing;

/// <summary>Whether the maintainer that a manager obeys still speaks to it. One that runs says something every 10 s; if
/// none does, the changefeed is asked whether any is to come.</summary>
sealed class OwnerWatch
{
    const int AsksBeforeQuiet = 3;

    TimeSpan _heardAt;
    TimeSpan? _askedAt;
    int _asks;

    /// <summary>Whether it has asked several times, and nobody has spoken: what is reported is heard by nobody, as far
    /// as can be told. One whose clock has jumped is spoken to before that.</summary>
    public bool IsQuiet => _asks >= AsksBeforeQuiet;

    public void Heard(TimeSpan now) => (_heardAt, _askedAt, _asks) = (now, null, 0);

    /// <summary>Whether it is to ask now.</summary>
    public bool IsAskDue(TimeSpan now)
    {
        if (now - _heardAt < ManagerTimes.Silence || now - _askedAt < ManagerTimes.AskAgain) return false;
        _askedAt = now;
        _asks++;
        return true;
    }
}
