using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Changefeeds;

/// <summary>What an operator wants. Answered by <see cref="Answered"/> once what was decided is stored; if the
/// incarnation ends before that, the outcome is not known.</summary>
/// <param name="Token">Names the command in its answer.</param>
public abstract record ChangefeedCommand(long Token) : Input;

/// <summary>Makes a changefeed.</summary>
/// <param name="Start">What lies behind it is carried.</param>
public sealed record CreateChangefeed(long Token, ChangefeedId Id, CommitTs Start, ChangefeedSettings Settings)
    : ChangefeedCommand(Token);

/// <summary>Stops it until it is resumed.</summary>
public sealed record PauseChangefeed(long Token) : ChangefeedCommand(Token);

/// <summary>Runs it again from its checkpoint, also while it is still being stopped.</summary>
public sealed record ResumeChangefeed(long Token) : ChangefeedCommand(Token);

/// <summary>Stops it and cleans up. Answered when that is sure to happen; the role ends when it has.</summary>
public sealed record RemoveChangefeed(long Token) : ChangefeedCommand(Token);

/// <summary>Sets where it ends. Only while it does not run.</summary>
public sealed record UpdateTarget(long Token, CommitTs? TargetTs) : ChangefeedCommand(Token);

/// <summary>Has a parked table copied and brought back, now or when it runs again. Answered when that is sure to be
/// tried until it is so, by whatever maintainer; a table that is parked once more, since it failed again, has to be
/// asked for once more. Nothing comes of it where the table is dropped.</summary>
public sealed record CopyTable(long Token, TableId Table) : ChangefeedCommand(Token);
