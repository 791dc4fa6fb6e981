using Cdc.Protocol;
using Cdc.Simulator.Checks;
using Cdc.Simulator.Source;

namespace Cdc.Simulator.Target;

/// <summary>Counts key changes whose two halves come to the target in two spans: that each half is there once, in order,
/// is for the checks of the single keys.</summary>
public sealed class KeyChanges(ModelSource source, ReachedStates reached)
{
    readonly Dictionary<(TableId, CommitTs, uint), TableSpan> _halves = [];

    /// <summary>A change of a key is applied, by whoever has this span.</summary>
    public void Applied(TableSpan span, CommitTs at, RowChange change)
    {
        if (source.Tables[change.Table].OtherKey(at, change.Key) is not { } other) return;
        if (!_halves.Remove((change.Table, at, other), out TableSpan former))
        {
            _halves[(change.Table, at, change.Key)] = span;
            return;
        }

        if (former == span) return;
        reached.Reached(former.Overlaps(span) ? HardCase.KeyChangeReshaped : HardCase.KeyChangeAcross);
    }
}
