using System.Collections.Immutable;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Wire;
using Cdc.Protocol;

namespace Cdc.Postgres.Decoding;

/// <summary>One column as RELATION describes it.</summary>
internal readonly record struct RelationColumn(string Name, uint Type, int Modifier, bool IsIdentity);

/// <summary>A RELATION message: the shape that a table's rows have from here on.</summary>
internal sealed record RelationMessage(
    uint Oid, TableName Name, ReplicaIdentity Identity, ImmutableArray<RelationColumn> Columns)
{
    const byte IdentityFlag = 1;

    public static RelationMessage Parse(ref PgMessageReader reader)
    {
        uint oid = (uint)reader.Int32();
        string schema = reader.Text();
        // The server leaves the name of its own schema empty.
        TableName name = new(schema.Length > 0 ? schema : "pg_catalog", reader.Text());
        ReplicaIdentity identity = ParseIdentity(reader.Byte());
        int count = reader.Int16();
        if (count < 0) throw PgMessageReader.Violation("a relation has a negative number of columns");

        var columns = ImmutableArray.CreateBuilder<RelationColumn>();
        for (int i = 0; i < count; i++)
        {
            bool isIdentity = (reader.Byte() & IdentityFlag) != 0;
            columns.Add(new(reader.Text(), (uint)reader.Int32(), reader.Int32(), isIdentity));
        }
        reader.End();
        return new(oid, name, identity, columns.ToImmutable());
    }

    /// <summary>Whether <paramref name="version"/> says the same. Only what the message says is compared: what the
    /// catalogs add shows another time, and a replay must cut transactions where the first run did.</summary>
    public bool IsShapeOf(TableSchema version)
    {
        if (version.Name != Name || version.Identity != Identity) return false;
        if (version.Columns.Length != Columns.Length) return false;
        for (int i = 0; i < Columns.Length; i++)
        {
            (RelationColumn now, Column then) = (Columns[i], version.Columns[i]);
            if (now.Name != then.Name || now.Type != then.Type.SourceId || now.Modifier != then.Type.Modifier
                || now.IsIdentity != then.IsIdentity) return false;
        }
        return true;
    }

    /// <summary>The version that begins here, with what the catalogs know of its types and key.</summary>
    public TableSchema ToSchema(TableId id, CommitTs since, ITableCatalog catalog) => new()
    {
        Id = id,
        Since = since,
        Name = Name,
        SourceId = Oid,
        Identity = Identity,
        Columns = [.. Columns.Select(c => new Column(c.Name, catalog.Resolve(c.Type, c.Modifier), c.IsIdentity))],
        Key = Key(catalog.Key(Oid)),
    };

    /// <summary>Enough for reading rows of the table, or skipping them.</summary>
    public TableSchema ToStandIn(TableId id, CommitTs since) => new()
    {
        Id = id,
        Since = since,
        Name = Name,
        SourceId = Oid,
        Identity = Identity,
        Columns = [.. Columns.Select(static c =>
            new Column(c.Name, new(TypeKind.Other, "", c.Type, c.Modifier), c.IsIdentity))],
    };

    ImmutableArray<int> Key(ImmutableArray<string> names)
    {
        ImmutableArray<int> key = [.. names.Select(Ordinal)];
        if (Identity is not (ReplicaIdentity.Default or ReplicaIdentity.Index)) return key.Contains(-1) ? [] : key;
        // The message knows the key as it was then, though not its order.
        ImmutableArray<int> then = [.. Enumerable.Range(0, Columns.Length).Where(i => Columns[i].IsIdentity)];
        return key.Length == then.Length && then.All(key.Contains) ? key : then;
    }

    int Ordinal(string name)
    {
        for (int i = 0; i < Columns.Length; i++)
        {
            if (Columns[i].Name == name) return i;
        }
        return -1;
    }

    static ReplicaIdentity ParseIdentity(byte letter) => letter switch
    {
        (byte)'d' => ReplicaIdentity.Default,
        (byte)'n' => ReplicaIdentity.Nothing,
        (byte)'f' => ReplicaIdentity.Full,
        (byte)'i' => ReplicaIdentity.Index,
        _ => throw PgMessageReader.Violation("a relation has an unknown replica identity"),
    };
}
