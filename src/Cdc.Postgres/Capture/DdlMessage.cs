using System.Collections.Immutable;
using System.Text.Json;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Capture;

/// <summary>What the event triggers wrote into the log about one command: the catalogs as they are after it, of all
/// that it touched and that is or may be ours.</summary>
/// <remarks>Transactional, at the command's place in its transaction, under the prefix that only our own functions
/// know; one for each command. It may list tables that did not change. A table that is in <see cref="Dropped"/> is not
/// in <see cref="Tables"/>.</remarks>
internal sealed record DdlMessage
{
    /// <summary>The server's name of the command: <c>ALTER TABLE</c>.</summary>
    public string Tag { get; init; } = "";

    /// <summary>What the server was given to execute, the command in it: all that the client sent, or, of a command in
    /// a DO block or function of PL/pgSQL, what that handed to the server. The statement, or several. Null if it is not
    /// known.</summary>
    public string? Sql { get; init; }

    /// <summary>The session's search_path.</summary>
    public string SearchPath { get; init; } = "";

    /// <summary>Tables as they are now: those that match the patterns, those that were published until now, and
    /// partitioned ones of any name. Parents come before their partitions.</summary>
    public ImmutableArray<CapturedTable> Tables { get; init; } = [];

    /// <summary>Types that the command altered or renamed and that captured tables use.</summary>
    public ImmutableArray<TypeDefinition> Types { get; init; } = [];

    /// <summary>Tables, then types, then schemas that are gone, whether captured or not: those whose name the patterns
    /// reach. By their number they are known; their name is the one that they had last.</summary>
    public ImmutableArray<DroppedThing> Dropped { get; init; } = [];

    /// <summary>Schemas with the names that they have now: made, renamed.</summary>
    public ImmutableArray<CapturedSchema> Schemas { get; init; } = [];

    public ImmutableArray<RewrittenTable> Rewrites { get; init; } = [];

    /// <summary>Tables, of those that the patterns may not have matched before, that hold no rows.</summary>
    public ImmutableArray<uint> Empty { get; init; } = [];

    /// <summary>Why the trigger could not say what happened: the server's code and sentence. The command did happen,
    /// and nothing else of the message counts.</summary>
    public string? Unreadable { get; init; }

    /// <exception cref="Engine.Failures.CdcException">ProtocolViolation: no such message.</exception>
    public static DdlMessage Parse(ReadOnlyMemory<byte> content) => CatalogJson.Read(content, static json =>
    {
        if (json.Int32("v") != 1) throw new FormatException("it is of a format that this version does not know");
        if (json.Text("unreadable") is { } unreadable) return new DdlMessage { Unreadable = unreadable };
        return new DdlMessage
        {
            Tag = json.Required("tag"),
            Sql = json.Text("sql"),
            SearchPath = json.Text("path") ?? "",
            Tables = [.. json.List("tables").Select(DefinitionJson.Table)],
            Types = [.. Altered(json)],
            Dropped = [.. json.List("dropped").Select(Thing)],
            Schemas = [.. json.List("schemas").Select(static s =>
                new CapturedSchema(s.Oid("oid"), s.Required("name")))],
            Rewrites = [.. json.List("rewrites").Select(Rewrite)],
            Empty = [.. json.List("empty").Select(static oid => oid.GetUInt32())],
        };
    });

    // The list holds also what the altered types are made of, which their order takes.
    static IEnumerable<TypeDefinition> Altered(JsonElement json)
    {
        HashSet<uint> altered = [.. json.List("alteredTypes").Select(static oid => oid.GetUInt32())];
        return DefinitionJson.Types(json).Where(type => altered.Contains(type.SourceId));
    }

    static DroppedThing Thing(JsonElement json) => new(
        json.Required("kind") switch
        {
            "table" => DroppedKind.Table,
            "type" => DroppedKind.Type,
            "schema" => DroppedKind.Schema,
            _ => throw new FormatException("something of an unknown kind is gone"),
        },
        json.Oid("oid"), new(json.Text("schema") ?? "", json.Required("name")));

    static RewrittenTable Rewrite(JsonElement json)
    {
        const TableRewrite known = TableRewrite.Persistence | TableRewrite.Default | TableRewrite.ColumnType
            | TableRewrite.AccessMethod;
        var reason = (TableRewrite)json.Int32("reason");
        if ((reason & ~known) != 0 || reason == 0)
            throw new FormatException("a table was rewritten for an unknown reason");
        return new(json.Oid("oid"), json.Flag("empty") ? reason | TableRewrite.Empty : reason);
    }
}

/// <summary>What sort of thing is gone.</summary>
internal enum DroppedKind
{
    Table,
    Type,
    Schema,
}

/// <param name="Name">For a schema, <see cref="TableName.Name"/> is its name and <see cref="TableName.Schema"/> is
/// empty.</param>
internal readonly record struct DroppedThing(DroppedKind Kind, uint Oid, TableName Name);

internal readonly record struct CapturedSchema(uint Oid, string Name);

/// <summary>A table whose rows were written anew, and why.</summary>
internal readonly record struct RewrittenTable(uint Oid, TableRewrite Rewrite);
