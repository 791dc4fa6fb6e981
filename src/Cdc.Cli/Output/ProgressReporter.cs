using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Cdc.Embedded.Running;

namespace Cdc.Cli.Output;

/// <summary>Says how far a run is: one line that is written over on a terminal, plain lines elsewhere, objects for
/// programs.</summary>
sealed class ProgressReporter : IAsyncDisposable
{
    static readonly TimeSpan OnTerminal = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan ForPrograms = TimeSpan.FromSeconds(1);
    static readonly TimeSpan InLogs = TimeSpan.FromSeconds(10);

    readonly CliHost _host;
    readonly Func<ChangefeedProgress> _look;
    readonly bool _json;
    readonly bool _isLive;
    readonly CancellationTokenSource _end = new();
    readonly Task _loop;
    readonly Lock _lock = new();
    int _width;
    ChangefeedProgress? _last;
    long _lastAt;

    /// <param name="isLive">Whether the source's commits happen now, so that lag means something.</param>
    public ProgressReporter(CliHost host, Func<ChangefeedProgress> look, bool json, bool isLive)
    {
        (_host, _look, _json, _isLive) = (host, look, json, isLive);
        _lastAt = host.Time.GetTimestamp();
        _loop = LoopAsync();
    }

    bool WritesOver => _host.ErrorIsTerminal && !_json;

    /// <summary>Takes the line away so that something else can be said.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            if (_width > 0) _host.Error.Write("\r" + new string(' ', _width) + "\r");
            _width = 0;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        if (_last is not null) Report();
        if (WritesOver && _width > 0) _host.Error.WriteLine();
        _width = 0;
        _end.Dispose();
    }

    async Task LoopAsync()
    {
        using PeriodicTimer timer = new(_json ? ForPrograms : _host.ErrorIsTerminal ? OnTerminal : InLogs, _host.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token)) Report();
        }
        catch (OperationCanceledException)
        {
        }
    }

    void Report()
    {
        ChangefeedProgress now = _look();
        TimeSpan since = _host.Time.GetElapsedTime(_lastAt);
        _lastAt = _host.Time.GetTimestamp();
        double rows = Counted(now, now.Phase) - (_last is null ? 0 : Counted(_last, now.Phase));
        double rate = since > TimeSpan.Zero ? rows / since.TotalSeconds : 0;
        _last = now;
        if (_json) _host.Error.WriteLine(Json(now, rate).ToJsonString(JsonText.Line));
        else if (WritesOver) WriteOver(Line(now, rate));
        else _host.Error.WriteLine(Line(now, rate));
    }

    void WriteOver(string line)
    {
        // A line that wraps can't be written over.
        int room = Math.Max(20, Width() - 1);
        if (line.Length > room) line = line[..(room - 1)] + "…";
        lock (_lock)
        {
            _host.Error.Write("\r" + line.PadRight(_width));
            _width = line.Length;
        }
    }

    static int Width()
    {
        try
        {
            return Console.WindowWidth > 0 ? Console.WindowWidth : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }

    /// <summary>The rows that the line of a phase counts: beside them a rate of others would say nothing.</summary>
    static long Counted(ChangefeedProgress at, RunPhase phase) => phase is RunPhase.Copying ? at.CopiedRows : at.Rows;

    string Line(ChangefeedProgress now, double rate)
    {
        StringBuilder text = new();
        text.Append(now.Phase switch
        {
            RunPhase.Starting => "starting",
            RunPhase.Copying =>
                $"copying {now.TablesCopied} of {now.Tables} tables, {Count(now.CopiedRows)} rows{Share(now)}",
            RunPhase.Streaming => $"streaming, {Count(now.Rows)} rows",
            RunPhase.Retrying => "the source can't be reached, trying again",
            RunPhase.Stopping => "stopping",
            // Also before a failure is told.
            RunPhase.Ended => $"ended, {Count(now.CopiedRows)} rows copied, {Count(now.Rows)} rows of the stream",
        });
        if (now.Phase is RunPhase.Copying or RunPhase.Streaming) text.Append($", {Count((long)rate)} rows/s");
        if (now.Phase is RunPhase.Streaming && _isLive) text.Append(", ").Append(LagText(now));
        if (now.Phase is RunPhase.Streaming) text.Append($", at {now.Checkpoint}");
        if (now.Doing.Length > 0 && now.Phase is not RunPhase.Ended) text.Append("; ").Append(now.Doing);
        return text.ToString();
    }

    string LagText(ChangefeedProgress now) => Lag(now) is { } lag
        ? string.Create(CultureInfo.InvariantCulture, $"{lag.TotalSeconds:0.0} s behind")
        : "caught up";

    TimeSpan? Lag(ChangefeedProgress now)
    {
        if (!_isLive || now.CommitTime is not { } commit || now.Checkpoint >= now.Received) return null;
        TimeSpan lag = _host.Time.GetUtcNow() - commit;
        return lag > TimeSpan.Zero ? lag : TimeSpan.Zero;
    }

    JsonObject Json(ChangefeedProgress now, double rate) => new()
    {
        ["progress"] = now.Phase.ToString().ToLowerInvariant(), ["tablesCopied"] = now.TablesCopied,
        ["tables"] = now.Tables,
        ["rowsCopied"] = now.CopiedRows, ["rowsExpected"] = now.ExpectedRows, ["rows"] = now.Rows,
        ["bytes"] = now.Bytes,
        ["rowsPerSecond"] = Math.Round(rate, 1), ["received"] = now.Received.ToString(),
        ["checkpoint"] = now.Checkpoint.ToString(), ["lagSeconds"] = Lag(now)?.TotalSeconds ?? 0,
        ["waitsFor"] = now.Doing,
    };

    static string Share(ChangefeedProgress now) => now.ExpectedRows > 0
        ? string.Create(CultureInfo.InvariantCulture,
            $" (about {Math.Min(100, 100.0 * now.CopiedRows / now.ExpectedRows):0} %)")
        : "";

    static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
