using System.Text.Json;
using Cdc.Engine.Ddl;
using static Cdc.Engine.Schemas.JsonFields;

namespace Cdc.Engine.Schemas;

/// <summary>The definition of a user's type within the persisted form of a table's version.</summary>
static class TypeDefinitionJson
{
    public static void Write(Utf8JsonWriter json, TypeDefinition type)
    {
        json.WriteStartObject();
        json.WriteString("schema"u8, type.Name.Schema);
        json.WriteString("name"u8, type.Name.Name);
        json.WriteNumber("sourceId"u8, type.SourceId);
        json.WriteString("form"u8, type.Form.ToString());
        WriteList(json, "labels"u8, type.Labels, static (json, label) => json.WriteStringValue(label));
        WriteList(json, "attributes"u8, type.Attributes, DefinitionJson.WriteColumn);
        WriteText(json, "base"u8, type.Base);
        WriteText(json, "collation"u8, type.Collation);
        WriteText(json, "default"u8, type.Default);
        WriteFlag(json, "notNull"u8, type.NotNull);
        WriteList(json, "constraints"u8, type.Constraints, DefinitionJson.WriteConstraint);
        WriteText(json, "rangeOptions"u8, type.RangeOptions);
        WriteText(json, "extension"u8, type.Extension);
        json.WriteEndObject();
    }

    public static TypeDefinition Read(JsonElement json) => new(
        new(Text(json, "schema"u8), Text(json, "name"u8)), json.GetProperty("sourceId"u8).GetUInt32(),
        Named<TypeForm>(Text(json, "form"u8)))
    {
        Labels = List(json, "labels"u8, static label => label.GetString() ?? throw new FormatException("no label")),
        Attributes = List(json, "attributes"u8, DefinitionJson.ReadColumn),
        Base = OptionalText(json, "base"u8),
        Collation = OptionalText(json, "collation"u8),
        Default = OptionalText(json, "default"u8),
        NotNull = Flag(json, "notNull"u8),
        Constraints = List(json, "constraints"u8, DefinitionJson.ReadConstraint),
        RangeOptions = OptionalText(json, "rangeOptions"u8),
        Extension = OptionalText(json, "extension"u8),
    };
}
