using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Cdc.Postgres.Tests.Decoding;

/// <summary>Builds the messages that our event triggers write, as JSON and not with the writer's code.</summary>
static class DdlMessages
{
    public const string Prefix = "cdc.ddl.shop.seal";

    public static byte[] Ddl(string tag, params JsonObject[] parts) => Ddl(tag, null, parts);

    public static byte[] Ddl(string tag, string? sql, params JsonObject[] parts) =>
        LogMessages.Message(true, Prefix, Content(tag, sql, parts));

    /// <summary>A message with something of each kind in it.</summary>
    public static byte[] Sample => Content("CREATE TABLE", "create table orders (id text primary key, m shop.mood)",
        Table(16400, "shop.orders", "id", "m").WithEnum(16388, "shop.mood", "sad", "glad")
            .With("constraints", new JsonArray(Reference("fk", "shop.who"))).With("partitionOf", Named("shop.all")),
        AlteredEnum(16388, "shop.mood", "sad", "glad")[0], AlteredEnum(16388, "shop.mood", "sad", "glad")[1],
        Dropped("table", 16500, "shop.old"), Dropped("type", 16388, "shop.mood"), Dropped("schema", 16501, "shop"),
        Schema(16390, "shop"), Rewrite(16400, 2, empty: true));

    static byte[] Content(string tag, string? sql, params JsonObject[] parts)
    {
        JsonObject message = new() { ["v"] = 1, ["tag"] = tag, ["path"] = "public" };
        if (sql is not null) message["sql"] = sql;
        foreach (JsonObject part in parts)
        {
            foreach ((string list, JsonNode? item) in part)
            {
                if (!message.ContainsKey(list)) message[list] = new JsonArray();
                message[list]!.AsArray().Add(item!.DeepClone());
            }
        }
        return Encoding.UTF8.GetBytes(message.ToJsonString());
    }

    public static byte[] Unreadable(string why) => LogMessages.Message(
        true, Prefix, Encoding.UTF8.GetBytes(new JsonObject { ["v"] = 1, ["unreadable"] = why }.ToJsonString()));

    /// <summary>A table of texts; the first column is its key.</summary>
    public static JsonObject Table(uint oid, string name, params string[] columns)
    {
        (string schema, string table) = name.Split('.') is [var s, var t] ? (s, t) : ("public", name);
        return new()
        {
            ["tables"] = new JsonObject
            {
                ["oid"] = oid, ["schema"] = schema, ["name"] = table, ["kind"] = "r", ["persistence"] = "p", ["identity"] = "d",
                ["columns"] = new JsonArray([.. columns.Select((column, i) => new JsonObject
                {
                    ["number"] = i + 1, ["name"] = column, ["typeOid"] = 25, ["modifier"] = -1, ["type"] = "text",
                })]),
                ["primaryKey"] = new JsonObject { ["immediate"] = true, ["columns"] = new JsonArray(columns[0]) },
            },
        };
    }

    public static JsonObject With(this JsonObject table, string field, JsonNode value)
    {
        table["tables"]![field] = value;
        return table;
    }

    /// <summary>The last column has a type that the user made: an enum with these labels.</summary>
    public static JsonObject WithEnum(this JsonObject table, uint type, string name, params string[] labels)
    {
        JsonObject last = table["tables"]!["columns"]!.AsArray()[^1]!.AsObject();
        (last["typeOid"], last["type"]) = (type, name);
        return table.With("types", new JsonArray(Enum(type, name, labels)));
    }

    public static JsonObject[] AlteredEnum(uint type, string name, params string[] labels) =>
        [new() { ["alteredTypes"] = type }, new() { ["types"] = Enum(type, name, labels) }];

    public static JsonObject Dropped(string kind, uint oid, string name)
    {
        string[] parts = name.Split('.');
        JsonObject thing = new() { ["kind"] = kind, ["oid"] = oid, ["name"] = parts[^1] };
        if (kind != "schema") thing["schema"] = parts.Length > 1 ? parts[0] : "public";
        return new() { ["dropped"] = thing };
    }

    public static JsonObject Schema(uint oid, string name) =>
        new() { ["schemas"] = new JsonObject { ["oid"] = oid, ["name"] = name } };

    public static JsonObject Rewrite(uint oid, int reason, bool empty) =>
        new() { ["rewrites"] = new JsonObject { ["oid"] = oid, ["reason"] = reason, ["empty"] = empty } };

    public static JsonObject Reference(string name, string table) => new()
    {
        ["name"] = name, ["kind"] = "f", ["text"] = string.Create(CultureInfo.InvariantCulture, $"FOREIGN KEY (x) REFERENCES {table}(id)"),
        ["references"] = Named(table),
    };

    public static JsonObject Named(string name) => name.Split('.') is [var schema, var table]
        ? new() { ["schema"] = schema, ["name"] = table }
        : new() { ["schema"] = "public", ["name"] = name };

    static JsonObject Enum(uint type, string name, string[] labels) => new()
    {
        ["oid"] = type, ["schema"] = name.Split('.')[0], ["name"] = name.Split('.')[1], ["kind"] = "e", ["delimiter"] = ",",
        ["base"] = 0, ["element"] = 0, ["labels"] = new JsonArray([.. labels.Select(static label => JsonValue.Create(label))]),
    };
}
