using System.Buffers;
using Cdc.Protocol.Messages.Wire;

namespace Cdc.Protocol.Tests.Messages;

/// <summary>A record that has grown: what an older version leaves out, and what it is taken for.</summary>
public sealed class OlderVersionTests
{
    sealed record Inner(ulong A, string Later);

    sealed record Outer(bool Flag, Inner Inner, ulong? Latest);

    static readonly Shape<Inner> Inside = Fields.Of<Inner>()
        .With("A", Values.Number, static v => v.A)
        .With("Later", Values.Name, static v => v.Later, 2, "unsaid")
        .Make(static (a, later) => new(a, later));

    static readonly Versioned<Outer> Form = new(Fields.Of<Outer>()
        .With("Flag", Values.Bool, static v => v.Flag)
        .With("Inner", Inside, static v => v.Inner)
        .With("Latest", new Perhaps<ulong>(Values.Number), static v => v.Latest, 3, null)
        .Make(static (flag, inner, latest) => new(flag, inner, latest)), 1, 3);

    static readonly Outer Sample = new(true, new(5, "x"), 8);

    [Fact]
    public void An_older_version_lacks_the_fields_that_came_later_wherever_they_are()
    {
        Assert.Equal(Sample, Read(Write(3)));
        Assert.Equal(Sample with { Latest = null }, Read(Write(2)));
        Assert.Equal(Sample with { Latest = null, Inner = new(5, "unsaid") }, Read(Write(1)));
        Assert.Equal([1, 1, 5], Write(1));
    }

    [Fact]
    public void A_field_is_not_optional_in_the_version_that_has_it()
    {
        byte[] bytes = Write(2);
        for (int length = 0; length < bytes.Length; length++) Assert.False(Form.TryRead(bytes.AsSpan(0, length), out _, out _));
        Assert.False(Form.TryRead([1, .. bytes.AsSpan(1)], out _, out string? error));
        Assert.Equal("Something follows its end.", error);
    }

    [Fact]
    public void The_contract_says_which_version_brought_a_field() =>
        Assert.Contains("    Later name (since 2)\n", ContractText.Of(("sample", 3, Form.Shape)));

    [Fact]
    public void A_new_field_before_an_older_one_is_a_bug_that_shows_at_once() =>
        Assert.Throws<InvalidOperationException>(static () => Fields.Of<Inner>()
            .With("A", Values.Number, static v => v.A)
            .With("Later", Values.Name, static v => v.Later, 2, "")
            .With("Again", Values.Number, static v => v.A)
            .Make(static (a, later, _) => new(a, later)));

    [Fact]
    public void Many_that_lack_a_later_field_fit_in_the_bytes_that_they_take()
    {
        Many<Inner> many = new(Inside);
        ArrayBufferWriter<byte> output = new();
        WireWriter writer = new(output, 1);
        many.Write(ref writer, [new(1, "x"), new(2, "y"), new(3, "z")]);
        writer.Flush();
        WireReader reader = new(output.WrittenSpan, 1);
        Assert.Equal([new(1, "unsaid"), new(2, "unsaid"), new(3, "unsaid")], many.Read(ref reader));
        Assert.Null(reader.Error);
    }

    [Fact]
    public void A_tag_that_two_records_have_is_a_bug_that_shows_at_once() =>
        Assert.Throws<InvalidOperationException>(static () =>
            new Cases<object>("sample").With(1, Inside).With(1, Form.Shape));

    static byte[] Write(byte version)
    {
        ArrayBufferWriter<byte> output = new();
        Form.Write(Sample, output, version);
        return output.WrittenSpan.ToArray();
    }

    static Outer Read(byte[] bytes)
    {
        Assert.True(Form.TryRead(bytes, out Outer? read, out string? error), error);
        return read;
    }
}
