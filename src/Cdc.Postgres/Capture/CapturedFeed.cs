using System.Collections.Immutable;
using Cdc.Engine.Options;
using Cdc.Postgres.Setup;

namespace Cdc.Postgres.Capture;

/// <summary>The changefeed that functions are written for, and the expressions that they have in common.</summary>
internal sealed class CapturedFeed(string changefeed, TableSelection selection, int serverMajor)
{
    const int SchemaListsSince = 15;

    public string Name => changefeed;

    public TableSelection Selection => selection;

    public CaptureNames Names { get; } = new(changefeed);

    public PostgresNames Publications { get; } = new(changefeed);

    /// <summary>Whether a publication may list schemas.</summary>
    public bool HasSchemaLists => serverMajor >= SchemaListsSince;

    /// <summary>A function's name, qualified and quoted.</summary>
    public string F(string part) => Names.Function(part);

    /// <summary>What events left so far in this command, as jsonb.</summary>
    public string Pending => $"COALESCE(NULLIF(current_setting('{Names.Pending}', true), ''), '[]')::jsonb";

    /// <summary>Whether a table is carried.</summary>
    public string Matches(string schema, string table) => SelectionSql.Matches(selection, schema, table);

    /// <summary>Whether carried tables could be in a schema.</summary>
    public string Schemas(string schema) => SelectionSql.Schemas(selection, schema);

    /// <summary>Whether rows of every table of a schema are published from their first on.</summary>
    public string IsCovered(string schema) => !HasSchemaLists ? "false" : $"""
        EXISTS (SELECT FROM pg_publication_namespace s JOIN pg_publication q ON q.oid = s.pnpubid
            WHERE s.pnnspid = {schema} AND q.pubname IN ({Inserts}))
        """;

    /// <summary>The publication of tables whose updates can be published and its spares, as a list of
    /// constants.</summary>
    public string Keyed => List([Publications.Keyed, .. Publications.KeyedSpares]);

    /// <summary>The publication of the others and its spares.</summary>
    public string Inserts => List([Publications.InsertOnly, .. Publications.InsertSpares]);

    /// <summary>Whether one of some publications lists a table by name.</summary>
    public static string IsListed(string publications, string table) => $"""
        EXISTS (SELECT FROM pg_publication_rel l JOIN pg_publication p ON p.oid = l.prpubid
            WHERE l.prrelid = {table} AND p.pubname IN ({publications}))
        """;

    static string List(ImmutableArray<string> names) => string.Join(", ", names.Select(PostgresNames.Literal));
}
