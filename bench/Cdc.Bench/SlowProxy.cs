using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Cdc.Bench;

/// <summary>A way to a server on this machine on which every byte takes longer, and as many are under way as are
/// sent.</summary>
sealed class SlowProxy : IAsyncDisposable
{
    const int Piece = 64 * 1024;

    readonly CancellationTokenSource _stop = new();
    readonly TcpListener? _listener;
    readonly TimeSpan _delay;
    readonly int _to;
    readonly Task _accepting = Task.CompletedTask;

    SlowProxy(int to, TimeSpan delay)
    {
        (_to, _delay, Port) = (to, delay, to);
        if (delay == TimeSpan.Zero) return;
        _listener = new(IPAddress.Loopback, 0);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Where to connect: the server itself if there is no delay.</summary>
    public int Port { get; }

    /// <param name="roundTrip">What a question and its answer take longer together.</param>
    public static SlowProxy To(int port, TimeSpan roundTrip) => new(port, roundTrip / 2);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener?.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            TcpClient near = await listener.AcceptTcpClientAsync(_stop.Token);
            TcpClient far = new();
            await far.ConnectAsync(IPAddress.Loopback, _to, _stop.Token);
            (near.NoDelay, far.NoDelay) = (true, true);
            _ = CarryAsync(near, far);
            _ = CarryAsync(far, near);
        }
    }

    async Task CarryAsync(TcpClient from, TcpClient to)
    {
        var waiting = Channel.CreateUnbounded<(DateTime Due, byte[] Bytes)>();
        Task sending = SendAsync(waiting.Reader, to);
        try
        {
            byte[] buffer = new byte[Piece];
            while (await from.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and int read)
                waiting.Writer.TryWrite((DateTime.UtcNow + _delay, buffer[..read]));
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection ended; so does the other one.
        }
        waiting.Writer.Complete();
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        to.Close();
    }

    async Task SendAsync(ChannelReader<(DateTime Due, byte[] Bytes)> waiting, TcpClient to)
    {
        await foreach ((DateTime due, byte[] bytes) in waiting.ReadAllAsync(_stop.Token))
        {
            // Timers of the runtime are too coarse for this, so the last part is spent waiting.
            TimeSpan left = due - DateTime.UtcNow;
            if (left > TimeSpan.FromMilliseconds(2)) await Task.Delay(left - TimeSpan.FromMilliseconds(1), _stop.Token);
            while (DateTime.UtcNow < due) await Task.Yield();
            await to.GetStream().WriteAsync(bytes, _stop.Token);
        }
    }
}
