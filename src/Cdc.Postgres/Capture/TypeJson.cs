using System.Text.Json;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using Cdc.Postgres.Catalog;

namespace Cdc.Postgres.Capture;

/// <summary>Reads the types in what <see cref="DefinitionQuery"/> answers.</summary>
internal static class TypeJson
{
    /// <summary>What a column's type is built from.</summary>
    public static TypeRow Row(JsonElement json)
    {
        TableName name = json.Name();
        string extension = json.Text("extension") ?? "";
        return new(
            json.Oid("oid"),
            name.Schema == "pg_catalog" ? name.Name : name.ToString(),
            TypeRow.KindOf(Letter(json, "kind"), json.Flag("array"), extension, name.Name),
            Letter(json, "delimiter"),
            json.Oid("base"),
            json.Oid("element"),
            [.. json.List("fields").Select(static f => (f.Required("name"), f.Oid("typeOid"), f.Int32("modifier")))]);
    }

    /// <summary>Those that a user made, each behind what it needs. Arrays and multiranges come with what they are made
    /// of.</summary>
    public static IEnumerable<TypeDefinition> InOrder(IEnumerable<JsonElement> types)
    {
        Dictionary<uint, JsonElement> all =
            types.DistinctBy(static t => t.Oid("oid")).ToDictionary(static t => t.Oid("oid"));
        HashSet<uint> done = [];
        List<TypeDefinition> ordered = [];
        foreach (uint oid in all.Keys.Order()) Visit(oid);
        return ordered;

        // Entered once each, so bytes that describe a circle end here too.
        void Visit(uint oid)
        {
            if (!all.TryGetValue(oid, out JsonElement json) || !done.Add(oid)) return;
            Visit(json.Oid("base"));
            Visit(json.Oid("element"));
            foreach (JsonElement field in json.List("fields")) Visit(field.Oid("typeOid"));
            if (IsMade(json)) ordered.Add(Definition(json));
        }
    }

    static bool IsMade(JsonElement json) =>
        !json.Flag("array") && Letter(json, "kind") != 'm'
        && json.Required("schema") is not ("pg_catalog" or "information_schema");

    static TypeDefinition Definition(JsonElement json)
    {
        string? extension = json.Text("extension");
        TypeForm form = extension is not null || json.Flag("ofTable") ? TypeForm.Given : Letter(json, "kind") switch
        {
            'e' => TypeForm.Enum,
            'c' => TypeForm.Composite,
            'd' => TypeForm.Domain,
            'r' => TypeForm.Range,
            _ => TypeForm.Given,
        };
        TypeDefinition bare = new(json.Name(), json.Oid("oid"), form) { Extension = extension };
        return form switch
        {
            TypeForm.Enum => bare with { Labels = [.. json.Texts("labels")] },
            TypeForm.Composite => bare with { Attributes = [.. json.List("fields").Select(DefinitionJson.Column)] },
            TypeForm.Range => bare with
            {
                Base = json.Required("basis"),
                Collation = json.Text("collation"),
                RangeOptions = json.Text("rangeOptions"),
            },
            TypeForm.Domain => bare with
            {
                Base = json.Required("basis"),
                Collation = json.Text("collation"),
                Default = json.Text("default"),
                NotNull = json.Flag("notNull"),
                Constraints = [.. json.List("checks").Select(DefinitionJson.Constraint)],
            },
            _ => bare,
        };
    }

    static char Letter(JsonElement json, string name) =>
        json.Required(name) is { Length: 1 } text ? text[0] : throw new FormatException($"{name} is no letter");
}
