using System.Buffers.Binary;
using System.Globalization;
using Cdc.Engine.Rows;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Target;

/// <summary>Writes folded changes: deletes and updates through a staging table and one statement each, then new rows
/// straight into the table.</summary>
/// <remarks>Updates that leave the same columns unchanged go together. One thread.</remarks>
/// <param name="isReplica">Foreign keys are off, so a row can be taken out and put back.</param>
internal sealed class StagedChanges(KeyedChanges folded, bool isReplica)
{
    // Not a name that a column of the user's is likely to have, and a clash is found when the stage is made.
    const string Group = "\"cdc$group\"";
    const int Deletes = 0;
    const int Skipped = -1;

    readonly Dictionary<UInt128, int> _masks = [];
    readonly List<(UInt128 Mask, int Rows)> _groups = [];
    readonly List<int> _groupOf = [];

    /// <param name="isStaged">The stage holds rows of this transaction, which are done.</param>
    /// <param name="expect">Is told of each statement how many rows it must write; -1: any number.</param>
    public void Write(PgPipeline pipeline, TargetTable table, bool isStaged, bool keeps, Action<long> expect)
    {
        (int deletes, int updates, int inserts) = Sort(table, keeps);
        if (deletes + updates > 0 || (keeps && inserts > 0))
        {
            Stage(pipeline, table, isStaged, keeps, expect);
            if (deletes > 0) Delete(pipeline, table, keeps ? -1 : deletes, expect);
            for (int group = 0; group < _groups.Count; group++)
                if (_groups[group].Rows > 0) Update(pipeline, table, group, keeps, expect);
        }
        if (inserts > 0)
        {
            if (keeps) Upsert(pipeline, table, expect);
            else Insert(pipeline, table, inserts, expect);
        }
    }

    /// <summary>Drops nothing and makes nothing that is there.</summary>
    static string CreateStage(TargetTable table)
    {
        table.Stage ??= string.Create(CultureInfo.InvariantCulture,
            $"pg_temp.cdc_stage_{table.Schema.Id}_{table.Schema.Since.Commit:x}_{table.Schema.Since.Step:x}");
        string columns = string.Join(", ", table.Columns.Select(static c => $"{c.Quoted} {c.BaseType}"));
        return $"CREATE TEMP TABLE IF NOT EXISTS {table.Stage["pg_temp.".Length..]} ({Group} int, {columns}) "
            + "ON COMMIT DELETE ROWS";
    }

    (int Deletes, int Updates, int Inserts) Sort(TargetTable table, bool keeps)
    {
        _masks.Clear();
        _groups.Clear();
        _groupOf.Clear();
        (int deletes, int updates, int inserts) = (0, 0, 0);
        for (int i = 0; i < folded.Count; i++)
        {
            KeyedRow row = folded[i];
            if (!row.After)
            {
                _groupOf.Add(row.Before || keeps ? Deletes : Skipped);
                if (row.Before || keeps) deletes++;
            }
            else if (!row.Before || (keeps && folded.IsComplete(row.Version)))
            {
                _groupOf.Add(-2);
                inserts++;
            }
            else
            {
                _groupOf.Add(1 + GroupOf(MaskOf(table, row.Version)));
                updates++;
            }
        }
        return (deletes, updates, inserts);
    }

    int GroupOf(UInt128 mask)
    {
        if (!_masks.TryGetValue(mask, out int group))
        {
            _masks[mask] = group = _groups.Count;
            _groups.Add((mask, 0));
        }
        _groups[group] = (mask, _groups[group].Rows + 1);
        return group;
    }

    UInt128 MaskOf(TargetTable table, int version)
    {
        if (folded.IsComplete(version)) return 0;
        UInt128 mask = 0;
        for (int column = 0; column < table.Columns.Length; column++)
        {
            if (folded.CellOf(version, column).IsUnchanged) mask |= UInt128.One << column;
        }
        return mask;
    }

    void Stage(PgPipeline pipeline, TargetTable table, bool isStaged, bool keeps, Action<long> expect)
    {
        pipeline.Query(CreateStage(table));
        expect(-1);
        if (isStaged)
        {
            pipeline.Query($"TRUNCATE {table.Stage}");
            expect(-1);
        }
        pipeline.StartCopy($"COPY {table.Stage} ({Group}, {table.ColumnList}) FROM STDIN");
        int rows = 0;
        for (int i = 0; i < folded.Count; i++)
        {
            int group = _groupOf[i];
            if (group == Skipped || (group == -2 && !keeps)) continue;
            rows++;
            CopyText.Number(pipeline, group);
            if (group == Deletes) KeyLine(pipeline, table, folded.KeyOf(i));
            else Line(pipeline, table, folded[i].Version, isFirst: false);
        }
        pipeline.EndCopy();
        expect(rows);
    }

    static void Delete(PgPipeline pipeline, TargetTable table, long rows, Action<long> expect)
    {
        pipeline.Query($"DELETE FROM ONLY {table.Name} t USING {table.Stage} s "
            + $"WHERE s.{Group} = {Deletes} AND {table.KeyMatch("t", "s")}");
        expect(rows);
    }

    void Update(PgPipeline pipeline, TargetTable table, int group, bool keeps, Action<long> expect)
    {
        (UInt128 mask, int rows) = _groups[group];
        string set = string.Join(", ", table.Columns
            .Where((_, i) => !table.Schema.Key.Contains(i) && i != table.Numbered && (mask >> i & 1) == 0)
            .Select(static c => $"{c.Quoted} = s.{c.Quoted}"));
        Renumber(pipeline, table, 1 + group, expect);
        string which = $"WHERE s.{Group} = {1 + group} AND {table.KeyMatch("t", "s")}";
        // All that was sent is the key: the rows must be there, and that is all.
        pipeline.Query(set.Length == 0
            ? $"SELECT FROM ONLY {table.Name} t, {table.Stage} s {which}"
            : $"UPDATE ONLY {table.Name} t SET {set} FROM {table.Stage} s {which}");
        expect(keeps ? -1 : rows);
    }

    // Rows whose number is another one at the source: out, and in again with that one.
    void Renumber(PgPipeline pipeline, TargetTable table, int group, Action<long> expect)
    {
        if (table.Numbered < 0 || table.Schema.Key.Contains(table.Numbered)) return;
        string number = table.Columns[table.Numbered].Quoted;
        string which = $"WHERE s.{Group} = {group} AND {table.KeyMatch("t", "s")} AND t.{number} <> s.{number}";
        if (!isReplica)
        {
            pipeline.Query($"SELECT FROM ONLY {table.Name} t, {table.Stage} s {which}");
            expect(0);
            return;
        }
        IEnumerable<string> cells = table.Columns.Select((c, i) => $"{(i == table.Numbered ? 's' : 't')}.{c.Quoted}");
        pipeline.Query($"WITH gone AS (DELETE FROM ONLY {table.Name} t USING {table.Stage} s {which} "
            + $"RETURNING {string.Join(", ", cells)}) INSERT INTO {table.Name} ({table.ColumnList}) "
            + $"OVERRIDING SYSTEM VALUE SELECT {table.ColumnList} FROM gone");
        expect(-1);
    }

    void Upsert(PgPipeline pipeline, TargetTable table, Action<long> expect)
    {
        Renumber(pipeline, table, -2, expect);
        pipeline.Query($"INSERT INTO {table.Name} ({table.ColumnList}) OVERRIDING SYSTEM VALUE "
            + $"SELECT {table.ColumnList} FROM {table.Stage} WHERE {Group} = -2{table.OnConflict}");
        expect(-1);
    }

    void Insert(PgPipeline pipeline, TargetTable table, int rows, Action<long> expect)
    {
        pipeline.StartCopy(table.CopyInto);
        for (int i = 0; i < folded.Count; i++)
        {
            if (_groupOf[i] == -2) Line(pipeline, table, folded[i].Version, isFirst: true);
        }
        pipeline.EndCopy();
        expect(rows);
    }

    void Line(PgPipeline pipeline, TargetTable table, int version, bool isFirst)
    {
        Engine.Rows.Tuple tuple = folded.New(version);
        int column = 0;
        foreach (Cell sent in tuple)
        {
            if (column > 0 || !isFirst) CopyText.Byte(pipeline, (byte)'\t');
            Cell cell = sent.IsUnchanged ? folded.CellOf(version, column) : sent;
            CopyText.Cell(pipeline, cell, table.Columns[column++].IsPlain);
        }
        CopyText.Byte(pipeline, (byte)'\n');
    }

    static void KeyLine(PgPipeline pipeline, TargetTable table, ReadOnlySpan<byte> key)
    {
        for (int column = 0; column < table.Columns.Length; column++)
        {
            CopyText.Byte(pipeline, (byte)'\t');
            int part = table.Schema.Key.IndexOf(column);
            if (part < 0) CopyText.Null(pipeline);
            else CopyText.Value(pipeline, PartOf(key, part), table.Columns[column].IsPlain);
        }
        CopyText.Byte(pipeline, (byte)'\n');
    }

    static ReadOnlySpan<byte> PartOf(ReadOnlySpan<byte> key, int part)
    {
        while (true)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(key);
            if (part-- == 0) return key.Slice(sizeof(int), length);
            key = key[(sizeof(int) + length)..];
        }
    }
}
