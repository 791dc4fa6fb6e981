using System.Buffers.Binary;
using Cdc.Engine.Rows;

namespace Cdc.Postgres.Target;

/// <summary>Where a key's row was before all changes, and where it is after them.</summary>
/// <param name="Before">It was there.</param>
/// <param name="After">It is there.</param>
/// <param name="Version">Its last image, if it is there.</param>
internal readonly record struct KeyedRow(bool Before, bool After, int Version);

/// <summary>Folds the changes of one table by key: of all changes of a row only what they come to is left.</summary>
/// <remarks>For tables whose keys are equal exactly when their bytes are. Used again and again; one thread.</remarks>
internal sealed class KeyedChanges
{
    const int None = -1;

    struct Entry
    {
        public int KeyAt;
        public int KeyLength;
        public int Hash;
        public int Next;
        public bool Before;
        public bool After;
        public int Version;
    }

    /// <summary>An image, and the one before it that holds what this one does not.</summary>
    struct Image
    {
        public int Batch;
        public int Offset;
        public int Previous;
        public bool IsComplete;
    }

    Entry[] _entries = new Entry[256];
    Image[] _images = new Image[256];
    byte[] _keys = new byte[4096];
    int[] _buckets = new int[512];
    TableChanges? _changes;
    int _entryCount;
    int _imageCount;
    int _keyBytes;

    public int Count => _entryCount;

    public KeyedRow this[int index] => new(_entries[index].Before, _entries[index].After, _entries[index].Version);

    /// <summary>Takes all changes of a table.</summary>
    /// <returns>False if they can't be folded: a row whose unchanged values are not here got another key, or the
    /// changes contradict each other. Then they must be done one by one.</returns>
    public bool TryFold(TableChanges changes)
    {
        (_changes, _entryCount, _imageCount, _keyBytes) = (changes, 0, 0, 0);
        Array.Fill(_buckets, None);
        for (int batch = 0; batch < changes.Batches.Count; batch++)
        {
            int offset = 0;
            foreach (Row row in changes.Batches[batch])
            {
                if (!TryAdd(batch, offset, row)) return false;
                offset += row.Raw.Length;
            }
        }
        return true;
    }

    /// <summary>The key's cells of an entry: each its length and its bytes.</summary>
    public ReadOnlySpan<byte> KeyOf(int index) => _keys.AsSpan(_entries[index].KeyAt, _entries[index].KeyLength);

    /// <summary>Whether every cell of an image is known; else some are unchanged in the target.</summary>
    public bool IsComplete(int version) => _images[version].IsComplete;

    /// <summary>The last image of a row as the source sent it.</summary>
    public Cdc.Engine.Rows.Tuple New(int version)
    {
        Image image = _images[version];
        return _changes!.Batches[image.Batch].RowAt(image.Offset).New;
    }

    /// <summary>A cell of an image, or of the nearest one before it that has it.</summary>
    public Cell CellOf(int version, int column)
    {
        while (true)
        {
            Cell cell = New(version)[column];
            if (!cell.IsUnchanged || _images[version].Previous == None) return cell;
            version = _images[version].Previous;
        }
    }

    bool TryAdd(int batch, int offset, Row row) => row.Op switch
    {
        Op.Insert => TryAppear(row, batch, offset, None),
        Op.Delete => TryVanish(row, out _),
        Op.Update when row.Flags.HasFlag(RowFlags.KeyChanged) => TryMove(row, batch, offset),
        Op.Update => TryUpdate(row, batch, offset),
        _ => false,
    };

    bool TryAppear(Row row, int batch, int offset, int previous)
    {
        if (!TryFind(row.New, out int found)) return false;
        if (found == None) found = Add(before: false);
        ref Entry entry = ref _entries[found];
        if (entry.After) return false;
        (entry.After, entry.Version) = (true, AddImage(batch, offset, previous, row));
        return _images[entry.Version].IsComplete;
    }

    bool TryVanish(Row row, out int version)
    {
        version = None;
        if (!TryFind(row.Old, out int found)) return false;
        if (found == None)
        {
            Add(before: true);
            return true;
        }
        ref Entry entry = ref _entries[found];
        version = entry.Version;
        bool wasThere = entry.After;
        entry.After = false;
        return wasThere;
    }

    bool TryUpdate(Row row, int batch, int offset)
    {
        if (!TryFind(row.New, out int found)) return false;
        bool isFirst = found == None;
        if (isFirst) found = Add(before: true);
        ref Entry entry = ref _entries[found];
        if (!isFirst && !entry.After) return false;
        int previous = isFirst || !row.Flags.HasFlag(RowFlags.HasUnchanged) ? None : entry.Version;
        (entry.After, entry.Version) = (true, AddImage(batch, offset, previous, row));
        return true;
    }

    // As a delete and an insert; what the new image does not hold must be in one that we have.
    bool TryMove(Row row, int batch, int offset)
    {
        if (!TryVanish(row, out int version)) return false;
        return TryAppear(row, batch, offset, row.Flags.HasFlag(RowFlags.HasUnchanged) ? version : None);
    }

    int AddImage(int batch, int offset, int previous, Row row)
    {
        if (_imageCount == _images.Length) Array.Resize(ref _images, 2 * _images.Length);
        bool complete = !row.Flags.HasFlag(RowFlags.HasUnchanged)
            || (previous != None && _images[previous].IsComplete);
        _images[_imageCount] = new() { Batch = batch, Offset = offset, Previous = previous, IsComplete = complete };
        return _imageCount++;
    }

    // Puts the key behind the others; Add keeps it there, anything else overwrites it.
    bool TryFind(Cdc.Engine.Rows.Tuple tuple, out int found)
    {
        found = None;
        int length = 0;
        foreach (int ordinal in _changes!.Table.Schema.Key)
        {
            Cell cell = tuple[ordinal];
            if (!cell.HasValue) return false;
            int end = _keyBytes + length + sizeof(int) + cell.Bytes.Length;
            if (end > _keys.Length) Array.Resize(ref _keys, Math.Max(2 * _keys.Length, end));
            Span<byte> at = _keys.AsSpan(_keyBytes + length);
            BinaryPrimitives.WriteInt32LittleEndian(at, cell.Bytes.Length);
            cell.Bytes.CopyTo(at[sizeof(int)..]);
            length += sizeof(int) + cell.Bytes.Length;
        }
        ReadOnlySpan<byte> key = _keys.AsSpan(_keyBytes, length);
        HashCode hash = default;
        hash.AddBytes(key);
        _candidate = (hash.ToHashCode() & int.MaxValue, length);
        for (int i = _buckets[_candidate.Hash % _buckets.Length]; i != None; i = _entries[i].Next)
        {
            if (_entries[i].Hash != _candidate.Hash || !KeyOf(i).SequenceEqual(key)) continue;
            found = i;
            break;
        }
        return true;
    }

    (int Hash, int Length) _candidate;

    int Add(bool before)
    {
        if (_entryCount == _entries.Length) Grow();
        int bucket = _candidate.Hash % _buckets.Length;
        _entries[_entryCount] = new()
        {
            KeyAt = _keyBytes, KeyLength = _candidate.Length, Hash = _candidate.Hash, Next = _buckets[bucket],
            Before = before, Version = None,
        };
        _keyBytes += _candidate.Length;
        _buckets[bucket] = _entryCount;
        return _entryCount++;
    }

    void Grow()
    {
        Array.Resize(ref _entries, 2 * _entries.Length);
        _buckets = new int[2 * _entries.Length];
        Array.Fill(_buckets, None);
        for (int i = 0; i < _entryCount; i++)
        {
            ref Entry entry = ref _entries[i];
            int bucket = entry.Hash % _buckets.Length;
            (entry.Next, _buckets[bucket]) = (_buckets[bucket], i);
        }
    }
}
