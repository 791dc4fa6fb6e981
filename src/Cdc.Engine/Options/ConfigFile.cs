using System.Text.Json;
using Cdc.Engine.Failures;

namespace Cdc.Engine.Options;

/// <summary>The configuration file: one JSON object whose keys are the names of options. Comments and trailing commas
/// are allowed.</summary>
public static class ConfigFile
{
    static readonly JsonDocumentOptions s_lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 8,
    };

    /// <summary>Reads the file's text; <paramref name="path"/> is for sentences only.</summary>
    public static (OptionLayer Layer, IReadOnlyList<Problem> Problems) Read(string path, string text)
    {
        Dictionary<string, IReadOnlyList<string>> values = [];
        List<Problem> problems = [];
        OptionLayer layer = new(values, option => $"\"{option.Name}\" in {path}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, s_lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                problems.Add(Wrong($"{path} holds no JSON object.", "Write { \"from\": …, \"to\": … }."));
            else
                foreach (JsonProperty property in document.RootElement.EnumerateObject()) Take(property);
        }
        catch (JsonException e)
        {
            // The reader's own message can quote the file.
            problems.Add(Wrong($"{path} is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.",
                "Comments and trailing commas are allowed; everything else is as JSON has it."));
        }
        return (layer, problems);

        void Take(JsonProperty property)
        {
            if (OptionCatalog.Find(property.Name) is not { } option)
            {
                string hint = NearestName.Hint(property.Name, OptionCatalog.All.Select(known => known.Name));
                problems.Add(Wrong($"{path} has a key that is no option: {property.Name}.",
                    hint.Length > 0 ? hint : "docs/options.md lists them."));
            }
            else if (ValuesOf(property.Value) is not { } found)
            {
                problems.Add(Wrong($"\"{option.Name}\" in {path} has a value of the wrong sort.",
                    option.Kind == OptionKind.List ? "Write an array of strings."
                        : "Write a string, a number, true or false."));
            }
            else if (!values.TryAdd(option.Name, found))
            {
                problems.Add(Wrong($"\"{option.Name}\" is in {path} more than once.", "Keep one."));
            }
        }
    }

    /// <summary>Whether the exception means that a file which a person named can't be read.</summary>
    public static bool IsUnreadable(Exception e) =>
        e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>The reason as the end of a sentence.</summary>
    public static string WhyUnreadable(Exception e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "the file may not be read",
        _ => "the file can't be read",
    };

    static IReadOnlyList<string>? ValuesOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array) return One(value) is { } single ? [single] : null;
        List<string> all = [];
        foreach (JsonElement element in value.EnumerateArray())
        {
            if (One(element) is not { } text) return null;
            all.Add(text);
        }
        return all;

        static string? One(JsonElement element) => element.ValueKind switch
        {
            JsonValueKind.String => element.GetString(),
            JsonValueKind.Number => element.GetRawText(),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => null,
        };
    }

    static Problem Wrong(string sentence, string fix) => new(FailureKind.Usage, sentence, fix);
}
