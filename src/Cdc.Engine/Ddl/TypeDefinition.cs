using Cdc.Engine.Schemas;

namespace Cdc.Engine.Ddl;

/// <summary>What a type that a user made is.</summary>
public enum TypeForm
{
    Enum,
    Composite,
    Domain,
    Range,
    /// <summary>Of an extension, or of a kind that can't be made from the catalogs: the target must have it.</summary>
    Given,
}

/// <summary>A type that a user made, as the source's catalogs had it.</summary>
/// <param name="Name">Schema and name.</param>
/// <param name="SourceId">The server's number of the type, which stays through renames.</param>
public sealed record TypeDefinition(TableName Name, uint SourceId, TypeForm Form)
{
    /// <summary>Labels of an enum, in its order.</summary>
    public ValueList<string> Labels { get; init; } = [];

    /// <summary>Attributes of a composite, in order; numbers stay through renames.</summary>
    public ValueList<ColumnDefinition> Attributes { get; init; } = [];

    /// <summary>What a domain stands on, or a range is of, as written in CREATE DOMAIN or CREATE TYPE.</summary>
    public string? Base { get; init; }

    public string? Collation { get; init; }
    public string? Default { get; init; }
    public bool NotNull { get; init; }

    /// <summary>Check constraints of a domain.</summary>
    public ValueList<ConstraintDefinition> Constraints { get; init; } = [];

    /// <summary>The rest of a range's definition: <c>subtype_opclass = …, multirange_type_name = …</c>.</summary>
    public string? RangeOptions { get; init; }

    /// <summary>The extension that brings it, for <see cref="TypeForm.Given"/>.</summary>
    public string? Extension { get; init; }
}
