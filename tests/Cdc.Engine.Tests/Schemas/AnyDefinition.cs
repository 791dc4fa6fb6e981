using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;

namespace Cdc.Engine.Tests.Schemas;

/// <summary>Definitions at random: each part there or not.</summary>
static class AnyDefinition
{
    public static TableDefinition Of(Random random) => new()
    {
        Form = Any<TableForm>(random),
        Columns = Some(random, Column),
        Constraints = Some(random, Constraint),
        Indexes = Some(random, static r => new IndexDefinition(Text(r), Text(r), Coin(r), Coin(r))),
        Sequences = Some(random, static r => new SequenceDefinition(
            Name(r), Text(r), Coin(r), Text(r), r.NextInt64(), r.NextInt64(), long.MinValue, long.MaxValue, 1, Coin(r))),
        Types = Some(random, Type),
        PartitionKey = Maybe(random),
        PartitionOf = Coin(random) ? Name(random) : null,
        PartitionBound = Maybe(random),
        Inherits = Some(random, Name),
    };

    static ColumnDefinition Column(Random random) => new(random.Next(1700), Text(random), Text(random))
    {
        Collation = Maybe(random),
        NotNull = Coin(random),
        Default = Maybe(random),
        IsGenerated = Coin(random),
        IdentityKind = Maybe(random),
        MissingValue = Maybe(random),
    };

    static ConstraintDefinition Constraint(Random random) => new(
        Text(random), Any<ConstraintKind>(random), Text(random), Coin(random) ? Name(random) : null, Coin(random));

    static TypeDefinition Type(Random random) => new(Name(random), (uint)random.Next(), Any<TypeForm>(random))
    {
        Labels = Some(random, Text),
        Attributes = Some(random, Column),
        Base = Maybe(random),
        Collation = Maybe(random),
        Default = Maybe(random),
        NotNull = Coin(random),
        Constraints = Some(random, Constraint),
        RangeOptions = Maybe(random),
        Extension = Maybe(random),
    };

    static ValueList<T> Some<T>(Random random, Func<Random, T> make) =>
        new([.. Enumerable.Range(0, random.Next(4)).Select(_ => make(random))]);

    static T Any<T>(Random random) where T : struct, Enum => Enum.GetValues<T>()[random.Next(Enum.GetValues<T>().Length)];
    static TableName Name(Random random) => new(Text(random), Text(random));
    static string Text(Random random) => SchemaJsonTests.Name(random);
    static string? Maybe(Random random) => Coin(random) ? Text(random) : null;
    static bool Coin(Random random) => random.Next(2) == 0;
}
