using System.Buffers.Binary;
using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Cluster;

public sealed record TemporaryPersist(byte[] Record) : Persist;

sealed class TemporaryChangefeed : IRole
{
    Epoch _epoch;
    Guid _instance;
    CommitTs _checkpoint;

    public CommitTs Checkpoint => _checkpoint;

    public TemporaryChangefeed(byte[]? record, CommitTs origin)
    {
        _checkpoint = origin;
        if (record is null) return;
        _epoch = new(BinaryPrimitives.ReadUInt64LittleEndian(record));
        _checkpoint = new(BinaryPrimitives.ReadUInt64LittleEndian(record.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan(16)));
        _instance = new(record.AsSpan(20, 16));
    }

    public void Handle(Input input, TimeSpan now, Effects effects)
    {
        if (input is not Received { Message: var message, From: var from }) return;
        switch (message)
        {
            case EpochRequest request:
                if (request.Instance != _instance)
                {
                    _epoch = _epoch.Next;
                    _instance = request.Instance;
                    effects.Add(Save());
                }

                effects.Send(from, new EpochGrant(_epoch, _instance, MaintainerPurpose.Run, _checkpoint, null, [], false));
                break;
            case MaintainerReport report when report.Epoch == _epoch:
                if (report.Checkpoint > _checkpoint)
                {
                    _checkpoint = report.Checkpoint;
                    effects.Add(Save());
                }

                effects.Send(from, new CheckpointPersisted(_epoch, _checkpoint));
                break;
            case MaintainerReport report:
                effects.Send(from, new Superseded(report.Epoch, _epoch));
                break;
        }
    }

    TemporaryPersist Save()
    {
        byte[] record = new byte[36];
        BinaryPrimitives.WriteUInt64LittleEndian(record, _epoch.Value);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(8), _checkpoint.Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(16), _checkpoint.Step);
        _instance.TryWriteBytes(record.AsSpan(20));
        return new(record);
    }
}
