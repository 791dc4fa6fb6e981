namespace Cdc.Testing.Readers;

/// <summary>Tables put together again from changes: table, key, column, and the value as JSON text.</summary>
/// <remarks>Everything that a correct output can't contain is noted in <see cref="Problems"/>.</remarks>
public sealed class RebuiltTables
{
    readonly Dictionary<string, Dictionary<string, Dictionary<string, string>>> _tables = [];

    /// <summary>Rows by table (<c>schema.table</c>) and key.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, Dictionary<string, string>>> Tables => _tables;

    /// <summary>What is doubled, missing or out of order, in the order in which it was found.</summary>
    public List<string> Problems { get; } = [];

    public Dictionary<string, Dictionary<string, string>> Table(string name)
    {
        if (!_tables.TryGetValue(name, out Dictionary<string, Dictionary<string, string>>? rows)) _tables[name] = rows = [];
        return rows;
    }

    /// <summary>Adds a row that must not be there yet.</summary>
    public void Insert(string table, string key, Dictionary<string, string> row, string where)
    {
        if (!Table(table).TryAdd(key, row)) Problems.Add($"{where}: {table} {key} is doubled");
    }

    /// <summary>Removes a row that must be there.</summary>
    public Dictionary<string, string>? Delete(string table, string key, string where)
    {
        if (Table(table).Remove(key, out Dictionary<string, string>? row)) return row;
        Problems.Add($"{where}: {table} {key} is missing");
        return null;
    }

    /// <summary>The key under which a row without one is kept: its content and which of several equal ones it is.</summary>
    public string LastEqual(string table, string content)
    {
        int count = 1;
        while (Table(table).ContainsKey($"{content}#{count + 1}")) count++;
        return $"{content}#{count}";
    }

    /// <summary>The key for one more row without a key.</summary>
    public string NextEqual(string table, string content)
    {
        int count = 1;
        while (Table(table).ContainsKey($"{content}#{count}")) count++;
        return $"{content}#{count}";
    }

    /// <summary>The table is gone, with its rows.</summary>
    public void Forget(string table) => _tables.Remove(table);

    public void Rename(string table, string name)
    {
        if (_tables.Remove(table, out Dictionary<string, Dictionary<string, string>>? rows)) _tables[name] = rows;
    }

    public void Truncate(string table) => Table(table).Clear();
}
