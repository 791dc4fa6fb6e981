namespace Cdc.Protocol;

/// <summary>One incarnation of a dispatcher.</summary>
public readonly record struct DispatcherKey(Mode Mode, DispatcherId Dispatcher, Owner Owner);
