using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Cdc.Engine.Rows;
using Tuple = Cdc.Engine.Rows.Tuple;

namespace Cdc.Postgres.Target;

/// <summary>Writes a change of one row as a statement of its own, which concerns exactly that row.</summary>
internal sealed class RowStatements
{
    readonly ArrayBufferWriter<byte> _sql = new(1 << 10);

    /// <param name="keeps">A row that is there already takes the new values.</param>
    public ReadOnlySpan<byte> Insert(TargetTable table, Tuple row, bool keeps)
    {
        Begin("INSERT INTO ", table.Name, $" ({table.ColumnList}) OVERRIDING SYSTEM VALUE VALUES (");
        bool first = true;
        foreach (Cell cell in row)
        {
            if (!first) _sql.Write(", "u8);
            first = false;
            Value(cell);
        }
        _sql.Write(")"u8);
        if (keeps) Text(table.OnConflict);
        return _sql.WrittenSpan;
    }

    /// <summary>Sets what was sent and did change or may have. The old image names the row, if there is one.</summary>
    public ReadOnlySpan<byte> Update(TargetTable table, Row row)
    {
        Begin("UPDATE ONLY ", table.Name, " SET ");
        bool keyStays = !row.Flags.HasFlag(RowFlags.KeyChanged);
        int column = 0;
        bool any = false;
        foreach (Cell cell in row.New)
        {
            int i = column++;
            if (cell.IsUnchanged || (keyStays && table.Schema.Key.Contains(i))) continue;
            if (any) _sql.Write(", "u8);
            any = true;
            Text(table.Columns[i].Quoted);
            _sql.Write(" = "u8);
            Value(cell);
        }
        // Nothing but the key: the row must be there, and that is all.
        if (!any)
        {
            string key = table.Columns[table.Schema.Key.IsEmpty ? 0 : table.Schema.Key[0]].Quoted;
            Text($"{key} = {key}");
        }
        Where(table, row.OldImage == OldImage.None ? row.New : row.Old);
        return _sql.WrittenSpan;
    }

    public ReadOnlySpan<byte> Delete(TargetTable table, Row row)
    {
        Begin("DELETE FROM ONLY ", table.Name, "");
        Where(table, row.Old);
        return _sql.WrittenSpan;
    }

    void Where(TargetTable table, Tuple row)
    {
        ImmutableArray<int> key = table.Schema.Key;
        if (key.IsEmpty)
        {
            // Of rows that are equal in all columns any one will do, and only one.
            Text($" WHERE ctid = (SELECT ctid FROM ONLY {table.Name} WHERE ");
            WhereWhole(table, row);
            _sql.Write(" LIMIT 1)"u8);
            return;
        }
        _sql.Write(" WHERE "u8);
        bool any = false;
        foreach (int k in key)
        {
            if (any) _sql.Write(" AND "u8);
            any = true;
            Is(table.Columns[k], row[k], byText: table.Columns[k].Equality is null);
        }
    }

    void WhereWhole(TargetTable table, Tuple row)
    {
        int i = 0;
        foreach (Cell cell in row)
        {
            if (i > 0) _sql.Write(" AND "u8);
            TargetColumn column = table.Columns[i++];
            // Values without an equality, and those whose equality is coarser than their text.
            Is(column, cell, byText: !column.IsExact || column.Equality is null);
        }
    }

    void Is(TargetColumn column, Cell cell, bool byText)
    {
        Text(column.Quoted);
        if (!cell.HasValue)
        {
            _sql.Write(" IS NULL"u8);
            return;
        }
        Text(byText ? "::text OPERATOR(pg_catalog.=) " : $" {column.Equality} ");
        Value(cell);
    }

    void Value(Cell cell)
    {
        if (!cell.HasValue)
        {
            _sql.Write("NULL"u8);
            return;
        }
        _sql.Write("'"u8);
        ReadOnlySpan<byte> bytes = cell.Bytes;
        while (bytes.IndexOf((byte)'\'') is >= 0 and var quote)
        {
            _sql.Write(bytes[..(quote + 1)]);
            _sql.Write("'"u8);
            bytes = bytes[(quote + 1)..];
        }
        _sql.Write(bytes);
        _sql.Write("'"u8);
    }

    void Begin(string verb, string table, string rest)
    {
        const int KeptBytes = 1 << 20;
        // One huge value must not stay with us for ever.
        _sql.ResetWrittenCount();
        if (_sql.Capacity > KeptBytes) _sql.Clear();
        Text(verb);
        Text(table);
        Text(rest);
    }

    void Text(string text) => Encoding.UTF8.GetBytes(text, _sql);
}
