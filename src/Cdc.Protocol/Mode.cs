namespace Cdc.Protocol;

/// <summary>Which of a changefeed's two pipelines. Each has its own dispatchers, table trigger and barrier.</summary>
public enum Mode : byte
{
    Event = 0,
    Redo = 1,
}
