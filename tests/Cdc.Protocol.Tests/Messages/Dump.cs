using System.Collections;
using System.Reflection;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>Everything in a message as text, taken from the objects and not from the codec.</summary>
static class Dump
{
    const BindingFlags Named = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase;

    public static string Of(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        _ when value.GetType() is { IsPrimitive: true } or { IsEnum: true } || value is Guid => $"{value}",
        IEnumerable many => $"[{string.Join(", ", many.Cast<object>().Select(Of))}]",
        _ => Fields(value),
    };

    static string Fields(object value)
    {
        Type type = value.GetType();
        IEnumerable<string> fields = type.GetConstructors().MaxBy(static c => c.GetParameters().Length)!.GetParameters()
            .Select(parameter => $"{parameter.Name}={Of(type.GetProperty(parameter.Name!, Named)!.GetValue(value))}");
        return $"{type.Name}({string.Join(", ", fields)})";
    }
}
