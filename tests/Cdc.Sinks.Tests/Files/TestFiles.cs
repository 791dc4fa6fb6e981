using System.Text;
using System.Text.Json;
using Cdc.Engine.Schemas;
using Cdc.Protocol;
using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>A file sink's options for tests.</summary>
internal static class TestFiles
{
    public static readonly SchemaFormat Schemas = new(
        static table => Encoding.UTF8.GetBytes(
            $$"""{"id":{{table.Id.Value}},"since":"{{table.Since}}","schema":"{{table.Name.Schema}}","name":"{{table.Name.Name}}"}"""),
        static (_, bytes) =>
        {
            JsonElement root = JsonDocument.Parse(bytes).RootElement;
            return new TableSchema
            {
                Id = new(root.GetProperty("id").GetInt64()),
                Since = CommitTs.Parse(root.GetProperty("since").GetString()!),
                Name = new(root.GetProperty("schema").GetString()!, root.GetProperty("name").GetString()!),
                Columns = [],
            };
        });

    public static FileSinkOptions Options(TimeProvider clock, string directory = "") => new()
    {
        Directory = directory,
        Encoder = static () => new LineEncoder(),
        Schemas = Schemas,
        Clock = clock,
        RotateInterval = TimeSpan.FromSeconds(5),
    };
}
