using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;

namespace Cdc.Cli.Output;

/// <summary>Says what went wrong: a sentence, the way out, and where. Never a stack trace, never a secret.</summary>
sealed class FailurePrinter(CliHost host, bool json)
{
    /// <summary>Where bugs are reported.</summary>
    const string Report = "the project's issue tracker, with `cdc version` and the details";

    /// <summary>Added behind a sentence so that it is known which part spoke: <c>source
    /// postgres://me@host/shop</c>.</summary>
    public string? Where { get; set; }

    /// <summary>A command as failures name it, and as it must be typed here: with the address it needs.</summary>
    public (string Short, string Whole)? DropCommand { get; set; }

    public void Usage(IReadOnlyCollection<Problem> problems, string? verb)
    {
        foreach (Problem problem in problems) Say(problem.Kind, problem.Sentence, problem.Fix, null);
        if (!json && verb is not null) host.Error.WriteLine($"cdc {verb} --help lists its flags.");
    }

    public int Failed(CdcException failure)
    {
        if (failure.Kind is not FailureKind.SinkClosed) Say(failure.Kind, failure.Message, failure.Fix, Where);
        return Remedies.ExitCode(failure.Kind);
    }

    /// <summary>An exception that nobody expected: the details go to a file, because the screen is no place for
    /// them.</summary>
    public int Unexpected(Exception exception, bool verbose)
    {
        string details = exception.ToString();
        string where = verbose ? "below" : Keep(details);
        Say(FailureKind.Bug, $"This is a bug in cdc ({exception.GetType().Name}).",
            $"Please report it at {Report} ({where}).", null);
        if (verbose) host.Error.WriteLine(Secrets.Masked(details));
        return ExitCodes.Bug;
    }

    /// <summary>The text with commands as they must be typed here.</summary>
    public string Typed(string text) =>
        DropCommand is var (brief, whole) ? text.Replace(brief, whole, StringComparison.Ordinal) : text;

    string Keep(string details)
    {
        try
        {
            string path = Path.Combine(Path.GetTempPath(), $"cdc-bug-{Guid.NewGuid():N}.txt");
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using FileStream file = new(path, options);
            file.Write(Encoding.UTF8.GetBytes(details));
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "run again with --verbose to see them";
        }
    }

    void Say(FailureKind kind, string sentence, string? fix, string? where)
    {
        sentence = Typed(sentence);
        fix = fix is null ? null : Typed(fix);
        if (json)
        {
            JsonObject line = new()
            {
                ["error"] = kind.ToString(), ["exitCode"] = Remedies.ExitCode(kind), ["sentence"] = sentence,
                ["fix"] = fix,
                ["where"] = where,
            };
            host.Error.WriteLine(line.ToJsonString(JsonText.Line));
            return;
        }
        host.Error.WriteLine($"cdc: {sentence}");
        if (fix is not null) host.Error.WriteLine($"  fix: {fix.TrimStart()}");
        if (where is not null) host.Error.WriteLine($"  where: {where}");
    }
}

/// <summary>How JSON for programs is written.</summary>
static class JsonText
{
    public static JsonSerializerOptions Line { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonSerializerOptions Page { get; } = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true,
    };
}
