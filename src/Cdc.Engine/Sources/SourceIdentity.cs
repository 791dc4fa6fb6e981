namespace Cdc.Engine.Sources;

/// <summary>Which log positions belong to. Positions of two identities are never compared.</summary>
/// <param name="Kind"><c>postgres</c>, <c>demo</c>.</param>
/// <param name="System">The server's own identity: PostgreSQL's system identifier.</param>
/// <param name="Database">The database within the server.</param>
/// <param name="Timeline">PostgreSQL's timeline, which changes when a server is restored or promoted; 0
/// without.</param>
public sealed record SourceIdentity(string Kind, string System, string Database, uint Timeline = 0);
