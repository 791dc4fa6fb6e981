using System.Buffers;
using Cdc.Protocol.Messages;
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

    abstract record Kind;

    sealed record First(ulong A) : Kind;

    sealed record Second(ulong B) : Kind;

    static readonly Cases<Kind> Kinds = new Cases<Kind>("Kind")
        .With(1, Fields.Of<First>().With("A", Values.Number, static v => v.A).Make(static a => new(a)))
        .With(2, Fields.Of<Second>().With("B", Values.Number, static v => v.B).Make(static b => new(b)), 2);

    [Fact]
    public void A_kind_that_came_later_is_neither_written_nor_read_in_an_older_version()
    {
        Versioned<Kind> form = new(Kinds, 1, 2);
        ArrayBufferWriter<byte> output = new();
        form.Write(new Second(7), output, 2);
        Assert.Equal([2, 2, 7], output.WrittenSpan.ToArray());
        Assert.True(form.TryRead(output.WrittenSpan, out Kind? read, out _));
        Assert.Equal(new Second(7), read);
        Assert.False(form.TryRead([1, 2, 7], out _, out string? error));
        Assert.Equal("There is no Kind 2.", error);
        Assert.Throws<InvalidOperationException>(() => form.Write(new Second(7), output, 1));
    }

    [Fact]
    public void Which_version_brought_a_kind_is_known_before_it_is_written()
    {
        Assert.Equal(1, Kinds.SinceOf(new First(1)));
        Assert.Equal(2, Kinds.SinceOf(new Second(1)));
        Assert.Contains("    2 OlderVersionTests.Second (since 2)\n", ContractText.Of(("sample", 2, Kinds)));
        Assert.Equal(1, WireFormat.Since(new Superseded(default, default)));
    }

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
