namespace Cdc.Engine.Schemas;

/// <summary>What a column's values are, whatever the server calls their type. Formats choose their rendering by
/// it.</summary>
/// <remarks>
/// A cell of every kind is UTF-8 text in the form PostgreSQL prints with DateStyle ISO, IntervalStyle postgres,
/// TimeZone UTC, bytea_output hex and extra_float_digits 3; a source of another kind converts to it. The text is
/// canonical: equal bytes, equal values; the reverse holds for all kinds but <see cref="Numeric"/>, <see cref="Json"/>
/// and <see cref="Other"/>.
/// </remarks>
public enum TypeKind
{
    /// <summary>Known by its text only.</summary>
    Other,
    /// <summary><c>t</c> or <c>f</c>.</summary>
    Boolean,
    Int16,
    Int32,
    Int64,
    /// <summary>An unsigned 32-bit integer.</summary>
    Oid,
    Float32,
    Float64,
    /// <summary>Exact, with its scale: <c>1.00</c>; also <c>NaN</c>, <c>Infinity</c>, <c>-Infinity</c>.</summary>
    Numeric,
    Money,
    Text,
    /// <summary><c>\x</c> and hexadecimal digits.</summary>
    Binary,
    /// <summary><c>2026-11-20</c>, with more digits for large years, <c> BC</c> behind it, or
    /// <c>infinity</c>.</summary>
    Date,
    Time,
    TimeTz,
    /// <summary><c>2026-11-20 22:57:03.123456</c>, variants as <see cref="Date"/>.</summary>
    Timestamp,
    /// <summary>As <see cref="Timestamp"/>, with <c>+00</c> behind it.</summary>
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Xml,
    /// <summary>Digits 0 and 1.</summary>
    Bit,
    Enum,
    /// <summary><c>{1,2,NULL}</c>, of any number of dimensions; <see cref="ColumnType.Element"/> says of
    /// what.</summary>
    Array,
    /// <summary><c>(1,"a b",)</c>; <see cref="ColumnType.Fields"/> says of what.</summary>
    Composite,
    Range,
    Multirange,
    Network,
    /// <summary>PostgreSQL's hstore.</summary>
    Hstore,
}
