using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Cdc.Engine;

/// <summary>Assertions that stay on in production. A broken one is a bug of ours and must not be worked
/// around.</summary>
public static class Check
{
    [StackTraceHidden]
    public static void That(
        [DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? fact = null)
    {
        if (!condition) Fail(fact);
    }

    [DoesNotReturn]
    static void Fail(string? fact) => throw new InvariantBrokenException($"This must hold and does not: {fact}");
}

/// <summary>A broken invariant. Nothing catches it but the outermost frame.</summary>
public sealed class InvariantBrokenException(string message) : Exception(message);
