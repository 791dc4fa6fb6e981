using System.Text.Json;
using Cdc.Engine.Ddl;
using static Cdc.Engine.Schemas.JsonFields;

namespace Cdc.Engine.Schemas;

/// <summary>The definition of a table within the persisted form of its version.</summary>
/// <remarks>What is left at its default is left out, an empty text or list is not the same as none where the model
/// tells them apart.</remarks>
static class DefinitionJson
{
    public static void Write(Utf8JsonWriter json, TableDefinition definition)
    {
        json.WriteStartObject();
        WriteName(json, "form"u8, definition.Form);
        WriteList(json, "columns"u8, definition.Columns, WriteColumn);
        WriteList(json, "constraints"u8, definition.Constraints, WriteConstraint);
        WriteList(json, "indexes"u8, definition.Indexes, WriteIndex);
        WriteList(json, "sequences"u8, definition.Sequences, WriteSequence);
        WriteList(json, "types"u8, definition.Types, TypeDefinitionJson.Write);
        WriteText(json, "partitionKey"u8, definition.PartitionKey);
        WriteTable(json, "partitionOf"u8, definition.PartitionOf);
        WriteText(json, "partitionBound"u8, definition.PartitionBound);
        WriteList(json, "inherits"u8, definition.Inherits, WriteTableName);
        json.WriteEndObject();
    }

    public static TableDefinition Read(JsonElement json) => new()
    {
        Form = OptionalName<TableForm>(json, "form"u8),
        Columns = List(json, "columns"u8, ReadColumn),
        Constraints = List(json, "constraints"u8, ReadConstraint),
        Indexes = List(json, "indexes"u8, static index => new IndexDefinition(
            Text(index, "name"u8), Text(index, "text"u8), Flag(index, "unique"u8), Flag(index, "inherited"u8))),
        Sequences = List(json, "sequences"u8, ReadSequence),
        Types = List(json, "types"u8, TypeDefinitionJson.Read),
        PartitionKey = OptionalText(json, "partitionKey"u8),
        PartitionOf = OptionalTable(json, "partitionOf"u8),
        PartitionBound = OptionalText(json, "partitionBound"u8),
        Inherits = List(json, "inherits"u8,
            static table => new TableName(Text(table, "schema"u8), Text(table, "name"u8))),
    };

    public static void WriteColumn(Utf8JsonWriter json, ColumnDefinition column)
    {
        json.WriteStartObject();
        json.WriteNumber("number"u8, column.Number);
        json.WriteString("name"u8, column.Name);
        json.WriteString("type"u8, column.Type);
        WriteText(json, "collation"u8, column.Collation);
        WriteFlag(json, "notNull"u8, column.NotNull);
        WriteText(json, "default"u8, column.Default);
        WriteFlag(json, "generated"u8, column.IsGenerated);
        WriteText(json, "identity"u8, column.IdentityKind);
        WriteText(json, "missing"u8, column.MissingValue);
        json.WriteEndObject();
    }

    public static ColumnDefinition ReadColumn(JsonElement json) =>
        new(json.GetProperty("number"u8).GetInt32(), Text(json, "name"u8), Text(json, "type"u8))
        {
            Collation = OptionalText(json, "collation"u8),
            NotNull = Flag(json, "notNull"u8),
            Default = OptionalText(json, "default"u8),
            IsGenerated = Flag(json, "generated"u8),
            IdentityKind = OptionalText(json, "identity"u8),
            MissingValue = OptionalText(json, "missing"u8),
        };

    public static void WriteConstraint(Utf8JsonWriter json, ConstraintDefinition constraint)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, constraint.Name);
        json.WriteString("kind"u8, constraint.Kind.ToString());
        json.WriteString("text"u8, constraint.Text);
        WriteTable(json, "references"u8, constraint.References);
        WriteFlag(json, "inherited"u8, constraint.IsInherited);
        json.WriteEndObject();
    }

    public static ConstraintDefinition ReadConstraint(JsonElement json) => new(
        Text(json, "name"u8), Named<ConstraintKind>(Text(json, "kind"u8)), Text(json, "text"u8),
        OptionalTable(json, "references"u8), Flag(json, "inherited"u8));

    static void WriteIndex(Utf8JsonWriter json, IndexDefinition index)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, index.Name);
        json.WriteString("text"u8, index.Text);
        WriteFlag(json, "unique"u8, index.IsUnique);
        WriteFlag(json, "inherited"u8, index.IsInherited);
        json.WriteEndObject();
    }

    static void WriteSequence(Utf8JsonWriter json, SequenceDefinition sequence)
    {
        json.WriteStartObject();
        json.WriteString("schema"u8, sequence.Name.Schema);
        json.WriteString("name"u8, sequence.Name.Name);
        json.WriteString("column"u8, sequence.Column);
        WriteFlag(json, "identity"u8, sequence.IsIdentity);
        json.WriteString("type"u8, sequence.Type);
        json.WriteNumber("start"u8, sequence.Start);
        json.WriteNumber("increment"u8, sequence.Increment);
        json.WriteNumber("min"u8, sequence.Min);
        json.WriteNumber("max"u8, sequence.Max);
        json.WriteNumber("cache"u8, sequence.Cache);
        WriteFlag(json, "cycles"u8, sequence.Cycles);
        json.WriteEndObject();
    }

    static SequenceDefinition ReadSequence(JsonElement json) => new(
        new(Text(json, "schema"u8), Text(json, "name"u8)), Text(json, "column"u8), Flag(json, "identity"u8),
        Text(json, "type"u8), json.GetProperty("start"u8).GetInt64(), json.GetProperty("increment"u8).GetInt64(),
        json.GetProperty("min"u8).GetInt64(), json.GetProperty("max"u8).GetInt64(),
        json.GetProperty("cache"u8).GetInt64(), Flag(json, "cycles"u8));

    static void WriteTableName(Utf8JsonWriter json, TableName name)
    {
        json.WriteStartObject();
        json.WriteString("schema"u8, name.Schema);
        json.WriteString("name"u8, name.Name);
        json.WriteEndObject();
    }
}
