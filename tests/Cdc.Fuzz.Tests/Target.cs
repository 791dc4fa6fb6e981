using Cdc.Engine.Failures;

namespace Cdc.Fuzz.Tests;

/// <summary>One parser under test.</summary>
/// <param name="Samples">Good input to begin with.</param>
/// <param name="Parse">Reads the input, or refuses it.</param>
/// <param name="IsRefusal">Whether an exception is one of the refusals that the parser documents.</param>
sealed record Target(string Name, byte[][] Samples, Action<byte[]> Parse, Func<Exception, bool> IsRefusal)
{
    /// <summary>Nothing is refused: every input is read as something.</summary>
    public bool IsTotal { get; init; }

    public static Target Of(string name, FailureKind kind, byte[][] samples, Action<byte[]> parse) =>
        new(name, samples, parse, refused => refused is CdcException failure && failure.Kind == kind);

    /// <summary>A parser of what a person writes.</summary>
    public static Target OfText(string name, string[] samples, Action<string> parse) => new(
        name, [.. samples.Select(System.Text.Encoding.UTF8.GetBytes)],
        bytes => parse(System.Text.Encoding.UTF8.GetString(bytes)),
        static refused => refused is FormatException or CdcException { Kind: FailureKind.Usage });
}
