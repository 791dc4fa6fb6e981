using Cdc.Embedded.Running;
using Cdc.Engine.Failures;

namespace Cdc.Embedded.Tests.Running;

/// <summary>One refusal names everything that was found.</summary>
public sealed class ProblemListTests
{
    [Fact]
    public void A_way_out_that_several_have_is_said_once()
    {
        Problem[] found =
        [
            new(FailureKind.SinkUnfit, "A.", "Empty it."),
            new(FailureKind.SinkUnfit, "B.", "Empty it."),
            new(FailureKind.SinkUnfit, "Only a warning.", "Nothing.", IsWarning: true),
            new(FailureKind.SinkUnfit, "C."),
            new(FailureKind.SinkUnfit, "D.", "Grant it."),
            new(FailureKind.SinkUnfit, "E.", "Empty it."),
        ];
        CdcException refusal = Assert.Throws<CdcException>(() => ProblemList.ThrowIfAny(found));
        Assert.Equal(
            ["5 things keep this changefeed from starting:", "  1. A.", "  2. B.", "  3. C.", "  4. D.", "  5. E."],
            refusal.Message.Split(Environment.NewLine));
        Assert.Equal(["", "  1-2, 5. Empty it.", "  4. Grant it."], refusal.Fix!.Split(Environment.NewLine));
    }

    [Fact]
    public void Warnings_alone_refuse_nothing() => ProblemList.ThrowIfAny(
        [new(FailureKind.SinkUnfit, "A.", "Nothing.", IsWarning: true)]);
}
