namespace Cdc.Protocol.Messages.Wire;

/// <summary>Numbers, names, ids and positions.</summary>
static class Values
{
    /// <summary>Bytes of the longest name of a schema or a node.</summary>
    public const int NameMax = 1024;

    /// <summary>Bytes of the longest sentence; a longer one is cut when it is written.</summary>
    public const int SentenceMax = 4096;

    public static readonly Shape<bool> Bool = new Scalar<bool>(
        "bool", "1 byte, 0 or 1", 1, static (ref w, v) => w.Bool(v), static (ref r) => r.Bool());

    public static readonly Shape<ulong> Number = new Scalar<ulong>(
        "number", "varint: 7 bits a byte, least significant first, as short as possible", 1,
        static (ref w, v) => w.Varint(v), static (ref r) => r.Varint());

    public static readonly Shape<long> Signed = new Scalar<long>(
        "signed", "zigzag varint", 1, static (ref w, v) => w.Zigzag(v), static (ref r) => r.Zigzag());

    public static readonly Shape<int> Count = new Scalar<int>(
        "count", "varint at most 2147483647", 1, static (ref w, v) => w.Varint((uint)v),
        static (ref r) => (int)r.Varint(int.MaxValue, "A count is too large."));

    public static readonly Shape<TimeSpan> Time = new Scalar<TimeSpan>(
        "time", "varint at most 2^63 - 1, in 100 ns", 1, static (ref w, v) => w.Varint((ulong)v.Ticks),
        static (ref r) => TimeSpan.FromTicks((long)r.Varint(long.MaxValue, "A time is too long.")));

    public static readonly Shape<Guid> Id = new Scalar<Guid>(
        "guid", "16 bytes, little endian", 16, static (ref w, v) => w.Guid(v), static (ref r) => r.Guid());

    public static readonly Shape<string> Name = new Scalar<string>(
        "name", "varint n at most 1024, n bytes of UTF-8", 1,
        static (ref w, v) => w.Text(v, NameMax, 0), static (ref r) => r.Text(NameMax, 0)!);

    public static readonly Shape<string> Sentence = new Scalar<string>(
        "sentence", "varint n at most 4096, n bytes of UTF-8", 1,
        static (ref w, v) => w.Text(Cut(v), SentenceMax, 0), static (ref r) => r.Text(SentenceMax, 0)!);

    public static readonly Shape<ReadOnlyMemory<byte>> Bytes = new Scalar<ReadOnlyMemory<byte>>(
        "bytes", "varint n, n bytes", 1, static (ref w, v) => w.Bytes(v.Span), static (ref r) => r.Bytes());

    public static readonly Shape<NodeId> Node = new Scalar<NodeId>(
        "NodeId", "0: none; else varint n + 1, n at most 1024, n bytes of UTF-8", 1, WriteNode,
        static (ref r) => new NodeId(r.Text(NameMax, 1)!));

    public static readonly Shape<CommitTs> Ts = new Scalar<CommitTs>(
        "CommitTs", "commit varint, step varint at most 65535", 2, WriteTs,
        static (ref r) => new CommitTs(r.Varint(), (uint)r.Varint(CommitTs.MaxStep, "A step is too large.")));

    public static readonly Shape<Epoch> Epochs = new Scalar<Epoch>(
        "Epoch", "varint", 1, static (ref w, v) => w.Varint(v.Value), static (ref r) => new Epoch(r.Varint()));

    public static readonly Shape<SessionEpoch> SessionEpochs = new Scalar<SessionEpoch>(
        "SessionEpoch", "varint at most 4294967295", 1, static (ref w, v) => w.Varint(v.Value),
        static (ref r) => new SessionEpoch((uint)r.Varint(uint.MaxValue, "A session epoch is too large.")));

    public static readonly Shape<Owner> Owners = new Scalar<Owner>(
        "Owner", "epoch varint, number varint", 2, WriteOwner, static (ref r) => new Owner(r.Varint(), r.Varint()));

    public static readonly Shape<DispatcherId> Dispatcher = new Scalar<DispatcherId>(
        "DispatcherId", "epoch varint, number varint", 2, WriteDispatcher,
        static (ref r) => new DispatcherId(new Epoch(r.Varint()), r.Varint()));

    public static readonly Shape<TableId> Table = new Scalar<TableId>(
        "TableId", "zigzag varint", 1, static (ref w, v) => w.Zigzag(v.Value),
        static (ref r) => new TableId(r.Zigzag()));

    public static readonly Shape<TableSpan> Span = new Scalar<TableSpan>(
        "TableSpan", "table zigzag varint, from varint, (2^32 - to) varint; from < to", 3, WriteSpan, ReadSpan);

    public static readonly Shape<Mode> Modes = new OneByte<Mode>();

    public static readonly Shape<BlockEventId> Event = new Scalar<BlockEventId>(
        "BlockEventId", "at CommitTs, is syncpoint bool", 3, WriteEvent,
        static (ref r) => new BlockEventId(Ts!.Read(ref r), r.Bool()));

    public static readonly Shape<CommitTs?> PerhapsTs = new Perhaps<CommitTs>(Ts);

    static void WriteNode(ref WireWriter writer, NodeId node)
    {
        if (node.Value is null) writer.Byte(0);
        else writer.Text(node.Value, NameMax, 1);
    }

    static void WriteTs(ref WireWriter writer, CommitTs ts)
    {
        if (ts.Step > CommitTs.MaxStep) throw new InvalidOperationException($"{ts} has a step beyond the largest.");
        writer.Varint(ts.Commit);
        writer.Varint(ts.Step);
    }

    static void WriteOwner(ref WireWriter writer, Owner owner)
    {
        writer.Varint(owner.Epoch);
        writer.Varint(owner.Number);
    }

    static void WriteDispatcher(ref WireWriter writer, DispatcherId id)
    {
        writer.Varint(id.Epoch.Value);
        writer.Varint(id.Number);
    }

    static void WriteSpan(ref WireWriter writer, TableSpan span)
    {
        if (span.From >= span.To) throw new InvalidOperationException("A span that holds nothing.");
        writer.Zigzag(span.Table.Value);
        writer.Varint(span.From);
        writer.Varint(TableSpan.HashEnd - span.To);
    }

    static TableSpan ReadSpan(ref WireReader reader)
    {
        TableId table = new(reader.Zigzag());
        ulong from = reader.Varint(uint.MaxValue, "A span begins beyond the last hash.");
        ulong rest = reader.Varint(TableSpan.HashEnd, "A span ends before the first hash.");
        ulong to = TableSpan.HashEnd - rest;
        if (from < to) return new(table, (uint)from, to);
        reader.Fail("A span holds nothing.");
        return default;
    }

    static void WriteEvent(ref WireWriter writer, BlockEventId id)
    {
        WriteTs(ref writer, id.At);
        writer.Bool(id.IsSyncPoint);
    }

    // A sentence for people may lose its end; half of a character may not stay.
    static string Cut(string sentence)
    {
        const int LeastCut = SentenceMax / 3;
        if (sentence.Length <= LeastCut) return sentence;
        int length = sentence.Length;
        while (System.Text.Encoding.UTF8.GetByteCount(sentence.AsSpan(0, length)) > SentenceMax)
        {
            length = Math.Max(LeastCut, length - Math.Max(1, (length - LeastCut) / 4));
        }
        if (length < sentence.Length && char.IsHighSurrogate(sentence[length - 1])) length--;
        return length == sentence.Length ? sentence : sentence[..length];
    }

}
