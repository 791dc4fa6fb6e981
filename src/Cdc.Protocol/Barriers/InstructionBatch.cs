using System.Collections.Immutable;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Protocol.Barriers;

/// <summary>Collects what one turn of a barrier tells the nodes: one message per node, and in it one instruction per
/// event and kind.</summary>
internal sealed class InstructionBatch(Epoch epoch, Mode mode)
{
    readonly List<NodeLines> _nodes = [];

    public void Add(NodeId node, BlockEventId id, InstructionKind kind, DispatcherId to)
    {
        Line line = LinesOf(node).Of(id, kind);
        (line.Ids ??= ImmutableArray.CreateBuilder<DispatcherId>()).Add(to);
    }

    /// <summary>For all of the node that the event stops. Once, however often it is said.</summary>
    public void AddGroup(NodeId node, BlockEventId id, InstructionKind kind, Addressees to) =>
        LinesOf(node).Of(id, kind).Group = to;

    public void Flush(Effects effects)
    {
        foreach (NodeLines node in _nodes)
            effects.Send(Party.Manager(node.Node), new BlockInstructions(epoch, mode, node.ToItems()));
        _nodes.Clear();
    }

    NodeLines LinesOf(NodeId node)
    {
        for (int i = _nodes.Count - 1; i >= 0; i--)
            if (_nodes[i].Node == node) return _nodes[i];
        NodeLines lines = new(node);
        _nodes.Add(lines);
        return lines;
    }

    sealed class NodeLines(NodeId node)
    {
        readonly List<Line> _lines = [];
        readonly Dictionary<(BlockEventId Id, InstructionKind Kind), Line> _byKey = [];

        public NodeId Node { get; } = node;

        public Line Of(BlockEventId id, InstructionKind kind)
        {
            if (_lines.Count > 0 && _lines[^1] is { } last && last.Id == id && last.Kind == kind) return last;
            if (_byKey.TryGetValue((id, kind), out Line? line)) return line;
            line = new Line(id, kind);
            _lines.Add(line);
            _byKey.Add((id, kind), line);
            return line;
        }

        public ImmutableArray<BlockInstruction> ToItems()
        {
            ImmutableArray<BlockInstruction>.Builder items =
                ImmutableArray.CreateBuilder<BlockInstruction>(_lines.Count);
            foreach (Line line in _lines)
            {
                if (line.Group is { } group) items.Add(new BlockInstruction(line.Id, line.Kind, group));
                if (line.Ids is { } ids)
                    items.Add(new BlockInstruction(line.Id, line.Kind, new Addressees.Some(ids.ToImmutable())));
            }

            return items.ToImmutable();
        }
    }

    sealed class Line(BlockEventId id, InstructionKind kind)
    {
        public BlockEventId Id { get; } = id;
        public InstructionKind Kind { get; } = kind;
        public ImmutableArray<DispatcherId>.Builder? Ids { get; set; }
        public Addressees? Group { get; set; }
    }
}
