using Cdc.Engine.Failures;
using Cdc.Engine.Sinks;
using Cdc.Engine.Sources;

namespace Cdc.Sinks.Files;

/// <summary>Says whose directory it is; written first and never changed.</summary>
/// <param name="Extension">Of the row format: files of two formats don't mix.</param>
internal sealed record DirectoryHeader(string Changefeed, SourceIdentity Source, string Extension)
{
    /// <summary>The header of an existing directory, or null if it is new.</summary>
    /// <exception cref="CdcException">The directory holds something that is not ours.</exception>
    public static async ValueTask<DirectoryHeader?> LoadAsync(IFileStore store, CancellationToken cancellationToken)
    {
        byte[]? content = await store.ReadAsync(Layout.Header, cancellationToken).ConfigureAwait(false);
        if (content is not null) return IndexJson.ReadHeader(Layout.Header, content);
        foreach (string name in await store.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            bool isBeginning = Layout.IsBeginning(name)
                && (await store.ListAsync(name, cancellationToken).ConfigureAwait(false)).Count == 0;
            if (!isBeginning) throw Foreign(store.Place);
        }
        return null;
    }

    /// <summary>Makes sure that the directory is the claim's own, and writes so if it is new.</summary>
    public static async ValueTask EnsureAsync(
        IFileStore store, SinkClaim claim, string extension, CancellationToken cancellationToken)
    {
        DirectoryHeader wanted = new(claim.Changefeed, claim.Source, extension);
        if (await LoadAsync(store, cancellationToken).ConfigureAwait(false) is { } found)
        {
            wanted.Refuse(found, store.Place);
            await store.PrepareAsync(cancellationToken).ConfigureAwait(false);
            return;
        }
        await store.PrepareAsync(cancellationToken).ConfigureAwait(false);
        byte[] content = IndexJson.Write(wanted);
        if (await store.PutIfAbsentAsync(Layout.Header, content, cancellationToken).ConfigureAwait(false)) return;
        DirectoryHeader? raced = await LoadAsync(store, cancellationToken).ConfigureAwait(false);
        if (raced is not null) wanted.Refuse(raced, store.Place);
    }

    void Refuse(DirectoryHeader found, string place)
    {
        if (found == this) return;
        const string Another = "Name another directory.";
        if (found.Extension != Extension)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The files in {place} are '{found.Extension}', not '{Extension}'.",
                "Keep the format of the first run, or name another directory.");
        }
        if (found.Source with { Timeline = Source.Timeline } == Source && found.Changefeed == Changefeed)
        {
            throw new CdcException(FailureKind.SourceChanged,
                $"The files in {place} are of timeline {found.Source.Timeline}, and the source is on "
                + $"{Source.Timeline}: it was restored or failed over.", "Start over into another directory.");
        }
        if (found.Source != Source)
        {
            throw new CdcException(FailureKind.SinkUnfit,
                $"The files in {place} are of another source: {Name(found.Source)}, not {Name(Source)}.", Another);
        }
        throw new CdcException(FailureKind.SinkUnfit,
            $"The files in {place} are of the changefeed '{found.Changefeed}', not '{Changefeed}'.", Another);
    }

    static CdcException Foreign(string place) => new(FailureKind.SinkUnfit,
        $"There are files in {place} that are not ours.", "Name an empty directory, or one that does not exist yet.");

    static string Name(SourceIdentity source) => $"{source.Kind} {source.System}/{source.Database}";
}
