using System.Text.RegularExpressions;
using Cdc.Engine.Failures;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Streaming;

/// <summary>What went wrong with the slot and the publication, in terms of what the operator can do.</summary>
internal static partial class StreamFailures
{
    public static CdcException Ended() => new(
        FailureKind.SourceUnreachable, "The server ended the stream, as it does when it shuts down.");

    // What the class of errors means in which a server reports that something is not as it must be.
    const string NotInState = "55000";

    /// <summary>From 18 on a server that misses a publication warns, leaves out all changes of its tables, and goes on;
    /// an older one ends the stream.</summary>
    public static Action<PgServerError> ThrowIfSkipping(PgEndpoint endpoint) => notice =>
    {
        if (notice.SqlState == NotInState) throw PgFailures.FromStream(notice, endpoint);
    };

    public static CdcException Classify(CdcException failure, LogStreamOptions options)
    {
        if (PgServerError.Of(failure) is not { } error) return failure;
        return error.SqlState switch
        {
            "42704" when IsPublication(error) => NoPublication(error, failure, options),
            "42704" => Lost($"Slot {options.Slot} does not exist", failure),
            "55006" => Busy(error, failure, options),
            "58P01" => Lost($"The log that slot {options.Slot} needs was removed", failure),
            NotInState when IsPublication(error) => NoPublication(error, failure, options),
            NotInState when IsUnfit(error) =>
                new(FailureKind.SourceUnfit, failure.Message, failure.Fix, failure.InnerException),
            NotInState => Lost($"Slot {options.Slot} can no longer be read from ({error.Message})", failure),
            _ => failure,
        };
    }

    static CdcException Lost(string what, CdcException failure) => new(
        FailureKind.PositionLost, $"{what}: what was committed since the checkpoint can't be read any more.",
        "Drop the changefeed (cdc drop), empty the target, and run again: that takes a new snapshot.",
        failure.InnerException);

    static CdcException Busy(PgServerError error, CdcException failure, LogStreamOptions options)
    {
        Match match = ProcessId().Match(error.Message.Replace(options.Slot, "", StringComparison.Ordinal));
        return match.Success
            ? new(FailureKind.PositionBusy, $"Slot {options.Slot} is in use by server process {match.Value}.",
                $"Stop that reader, or on the server: SELECT pg_terminate_backend({match.Value});",
                failure.InnerException)
            : new(FailureKind.PositionBusy, $"Slot {options.Slot} is in use by another process.",
                "See active_pid in pg_replication_slots, and stop that reader.", failure.InnerException);
    }

    // The stream meets the publication only when it decodes a change, and then the slot can't pass it: the catalog of
    // that moment does not have the publication, however often it is made again.
    static CdcException NoPublication(PgServerError error, CdcException failure, LogStreamOptions options) => new(
        FailureKind.PositionLost,
        $"{error.Message}: it was dropped, and the log since then can't be read through slot {options.Slot}.",
        $"CREATE PUBLICATION {Missing(error, options)} helps if it never existed; otherwise drop the "
        + "changefeed (cdc drop), empty the target, and run again: that takes a new snapshot.", failure.InnerException);

    static string Missing(PgServerError error, LogStreamOptions options) => string.Join(", ", options.Publications
        .Where(name => error.Message.Contains($"\"{name}\"", StringComparison.Ordinal)).Select(PostgresNames.Quote)
        .DefaultIfEmpty("…"));

    static bool IsPublication(PgServerError error) =>
        error.Routine is "GetPublicationByName" or "get_publication_oid" or "LoadPublications"
        || error.Message.Contains("publication", StringComparison.Ordinal);

    // The server has no logical decoding, or the slot is of another database: nothing is lost.
    static bool IsUnfit(PgServerError error) =>
        error.Routine == "CheckLogicalDecodingRequirements"
        || error.Message.Contains("not created in this database", StringComparison.Ordinal);

    [GeneratedRegex(@"\d+(?=\D*$)")]
    private static partial Regex ProcessId();
}
