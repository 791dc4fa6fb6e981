using Cdc.Engine.Codecs;
using Cdc.Engine.Ddl;
using Cdc.Engine.Schemas;
using static Cdc.Engine.Tests.Codecs.RowMaker;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>A story with every kind of schema change, and rows between them.</summary>
static class EverySchemaChange
{
    static readonly TypeDefinition Mood = new(new("shop", "mood"), 16500, TypeForm.Enum) { Labels = ["ok", "it's \"bad\""] };

    static readonly TypeDefinition Pair = new(new("shop", "pair"), 16501, TypeForm.Composite)
    {
        Attributes = [new(1, "a", "integer"), new(2, "b", "text")],
    };

    public static TableSchema Items { get; } = new()
    {
        Id = new(20),
        Name = new("shop", "items"),
        SourceId = 16400,
        Columns =
        [
            new("id", new(TypeKind.Int64, "int8", 20), true), new("name", new(TypeKind.Text, "varchar", 1043, 44)),
            new("price", new(TypeKind.Numeric, "numeric", 1700, (10 << 16) + 2 + 4)),
            new("mood", new(TypeKind.Enum, "shop.mood", 16500)),
        ],
        Key = [0],
        Definition = new()
        {
            Columns =
            [
                new(1, "id", "bigint") { NotNull = true, IdentityKind = "ALWAYS" },
                new(2, "name", "character varying(40)") { Collation = "pg_catalog.\"C\"" },
                new(3, "price", "numeric(10,2)") { NotNull = true, Default = "0" },
                new(5, "mood", "shop.mood") { Default = "'ok'::shop.mood", MissingValue = "ok" },
                new(6, "full", "text") { Default = "((name)::text || 'x'::text)", IsGenerated = true },
            ],
            Constraints = [new("items_pkey", ConstraintKind.PrimaryKey, "PRIMARY KEY (id)")],
            Sequences =
                [new(new("shop", "items_id_seq"), "id", true, "bigint", 1, 1, 1, long.MaxValue, 1, false)],
            Types = [Mood],
        },
    };

    /// <summary>One column fewer, one more, one under another name.</summary>
    public static TableSchema Changed { get; } = Items with
    {
        Name = new("shop", "goods"),
        Columns =
        [
            new("id", new(TypeKind.Int64, "int8", 20), true), new("title", new(TypeKind.Text, "varchar", 1043, 44)),
            new("mood", new(TypeKind.Enum, "shop.mood", 16500)), new("at", new(TypeKind.TimestampTz, "timestamptz", 1184, 3)),
        ],
        Definition = Items.Definition! with
        {
            Columns =
            [
                Items.Definition.Columns[0], Items.Definition.Columns[1] with { Name = "title" },
                Items.Definition.Columns[3],
                new(7, "at", "timestamp(3) with time zone")
                    { NotNull = true, Default = "now()", MissingValue = "2026-11-20 12:00:00+00" },
                new(8, "note", "text"),
            ],
        },
    };

    public static RowMaker Write(IRowEncoder encoder) => new RowMaker(encoder)
        .Ddl("CREATE TABLE", "create table items (id bigint primary key, …)", new SchemaChange.TableCreated(Items))
        .Transaction(Insert(Items, "1", "nail", "0.10", "ok"))
        .Ddl("ALTER TABLE", null, new SchemaChange.TableAltered(Items, Changed, TableRewrite.None))
        .Transaction(Insert(Changed, "2", "screw", "ok", "2026-11-20 12:00:00.5+00"))
        .Ddl("ALTER TABLE", "alter table goods alter id type bigint using id + 1",
            new SchemaChange.TableAltered(Changed, Changed, TableRewrite.ColumnType))
        .Ddl("ALTER TYPE", "alter type mood add value 'worse'",
            new SchemaChange.TypeAltered(Mood, Mood with { Labels = ["ok", "it's \"bad\"", "worse"] }))
        .Ddl("ALTER TYPE", null,
            new SchemaChange.TypeAltered(Pair, Pair with { Name = new("shop", "two") }),
            new SchemaChange.TypeAltered(null, new(new("shop", "short"), 16502, TypeForm.Domain) { Base = "text" }))
        .Ddl("ALTER SCHEMA", "alter schema shop rename to store",
            new SchemaChange.SchemaRenamed("shop", "store"),
            new SchemaChange.TableAltered(
                Changed, Changed with { Name = new("store", "goods") }, TableRewrite.None))
        .Ddl("ALTER TABLE", "alter table goods rename to other",
            new SchemaChange.TableLeft(Changed, new("shop", "other")))
        .Ddl("CREATE TABLE", null, new SchemaChange.TableCreated(Samples.Lines))
        .Ddl("DROP SCHEMA", "drop schema shop cascade",
            new SchemaChange.TableDropped(Samples.Lines), new SchemaChange.TypeDropped(new("shop", "mood")),
            new SchemaChange.SchemaDropped("shop"))
        .Checkpoint();
}
