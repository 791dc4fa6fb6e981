using System.Runtime.CompilerServices;

namespace Cdc.Simulator.Checks;

static class Rules
{
    /// <exception cref="ViolationException">The rule is broken.</exception>
    public static void Ensure(bool holds, string rule, object who, string what, object? effect = null)
    {
        if (!holds) throw new ViolationException(rule, $"{who} {what} ({effect})");
    }

    /// <inheritdoc cref="Ensure(bool, string, object, string, object?)"/>
    public static void Ensure(
        bool holds, string rule, object who, [InterpolatedStringHandlerArgument(nameof(holds))] ref Complaint what,
        object? effect = null)
    {
        if (!holds) throw new ViolationException(rule, $"{who} {what.ToString()} ({effect})");
    }
}

/// <summary>What is wrong; text is made of it only if something is: rules are looked at millions of times.</summary>
[InterpolatedStringHandler]
ref struct Complaint
{
    DefaultInterpolatedStringHandler _text;

    public Complaint(int literalLength, int formattedCount, bool holds, out bool isWanted)
    {
        isWanted = !holds;
        if (isWanted) _text = new(literalLength, formattedCount);
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    public override string ToString() => _text.ToStringAndClear();
}
