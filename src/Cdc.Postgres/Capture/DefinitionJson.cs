using System.Collections.Immutable;
using System.Text.Json;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Capture;

/// <summary>Reads what <see cref="DefinitionQuery"/> answers.</summary>
internal static class DefinitionJson
{
    public static CapturedTable Table(JsonElement json)
    {
        Dictionary<uint, TypeRow> rows = json.List("types").Select(TypeJson.Row).DistinctBy(static t => t.Oid)
            .ToDictionary(static t => t.Oid);
        JsonElement[] columns = [.. json.List("columns")];
        ReplicaIdentity identity = json.Required("identity") switch
        {
            "n" => ReplicaIdentity.Nothing,
            "f" => ReplicaIdentity.Full,
            "i" => ReplicaIdentity.Index,
            _ => ReplicaIdentity.Default,
        };
        JsonElement? key = Key(json, identity == ReplicaIdentity.Index ? "identityKey" : "primaryKey");
        bool isImmediate = key?.Flag("immediate") ?? false;
        string[] keyNames = key is { } found ? [.. found.Texts("columns")] : [];
        UpdateBar bar = UpdateBars.Of(identity, key is not null, isImmediate);
        JsonElement[] inRows = [.. columns.Where(static c => !c.Flag("generated"))];
        string[] names = [.. inRows.Select(static c => c.Required("name"))];
        return new()
        {
            Oid = json.Oid("oid"),
            Name = json.Name(),
            IsLogged = json.Required("persistence") == "p",
            Identity = identity,
            Bar = bar,
            Key = [.. keyNames.Select(name => Place(names, name))],
            Columns = [.. inRows.Select(c => ColumnOf(c, rows, identity, bar, keyNames))],
            Definition = Definition(json, columns),
        };
    }

    /// <summary>The types of a list that a user made, each behind what it needs.</summary>
    public static IEnumerable<TypeDefinition> Types(JsonElement json) => TypeJson.InOrder(json.List("types"));

    static TableDefinition Definition(JsonElement json, JsonElement[] columns) => new()
    {
        Form = json.Required("kind") == "p" ? TableForm.Partitioned : TableForm.Ordinary,
        Columns = [.. columns.Select(Column)],
        Constraints = [.. json.List("constraints").Select(Constraint)],
        Indexes = [.. json.List("indexes").Select(static x => new IndexDefinition(
            x.Required("name"), x.Required("text"), x.Flag("unique"), x.Flag("inherited")))],
        Sequences = [.. json.List("sequences").Select(Sequence)],
        Types = [.. Types(json)],
        PartitionKey = json.Text("partitionKey"),
        PartitionOf = json.Name("partitionOf"),
        PartitionBound = json.Text("partitionBound"),
        Inherits = [.. json.List("inherits").Select(static parent => parent.Name())],
    };

    /// <summary>A column of a table, or an attribute of a composite.</summary>
    public static ColumnDefinition Column(JsonElement json) =>
        new(json.Int32("number"), json.Required("name"), json.Required("type"))
        {
            Collation = json.Text("collation"),
            NotNull = json.Flag("notNull"),
            Default = json.Text("default"),
            IsGenerated = json.Flag("generated"),
            IdentityKind = json.Text("identityKind"),
            MissingValue = json.Text("missing"),
        };

    public static ConstraintDefinition Constraint(JsonElement json) => new(
        json.Required("name"),
        json.Required("kind") switch
        {
            "p" => ConstraintKind.PrimaryKey,
            "u" => ConstraintKind.Unique,
            "c" => ConstraintKind.Check,
            "f" => ConstraintKind.ForeignKey,
            "x" => ConstraintKind.Exclusion,
            _ => throw new FormatException("a constraint is of an unknown kind"),
        },
        json.Required("text"), json.Name("references"), json.Flag("inherited"));

    static SequenceDefinition Sequence(JsonElement json) => new(
        json.Name(), json.Required("column"), json.Flag("identity"), json.Required("type"), json.Int64("start"),
        json.Int64("increment"), json.Int64("min"), json.Int64("max"), json.Int64("cache"), json.Flag("cycles"));

    static Column ColumnOf(
        JsonElement json, Dictionary<uint, TypeRow> rows, ReplicaIdentity identity, UpdateBar bar, string[] key)
    {
        string name = json.Required("name");
        ColumnType type = TypeRow.Modified(TypeRow.Build(json.Oid("typeOid"), rows), json.Int32("modifier"));
        return new(name, type, UpdateBars.IsInIdentity(identity, bar, key.Contains(name)));
    }

    static JsonElement? Key(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement key) && key.ValueKind == JsonValueKind.Object ? key : null;

    static int Place(string[] columns, string name) =>
        Array.IndexOf(columns, name) is >= 0 and var place
            ? place
            : throw new FormatException("a key has a column that the table does not have");
}
