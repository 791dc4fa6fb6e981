using System.Runtime.InteropServices;

namespace Cdc.Sinks.Stdout;

/// <summary>Writes to a Unix descriptor, at the place in the file that it shares with other processes.</summary>
/// <remarks>A FileStream over a descriptor of a file keeps a place of its own and leaves the shared one alone: whoever
/// writes next, as in <c>{ cdc …; cdc …; } > file</c>, would begin where we began and overwrite our rows. The
/// descriptor is not closed.</remarks>
internal sealed class DescriptorStream(int descriptor) : Stream
{
    const int Interrupted = 4;
    const short CanWriteNow = 4;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // EAGAIN: Linux, then macOS.
    static int WouldBlock => OperatingSystem.IsLinux() ? 11 : 35;

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written = write(descriptor, ref MemoryMarshal.GetReference(bytes), bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }
            int error = Marshal.GetLastPInvokeError();
            if (error == WouldBlock) WaitForRoom();
            else if (error != Interrupted) throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <summary>Blocks its caller, as every write to a pipe does whose reader stands still.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    // Whoever gave us the descriptor made it one that does not block. What a wait finds, the next write says.
    void WaitForRoom()
    {
        PollDescriptor poll = new() { Descriptor = descriptor, Events = CanWriteNow };
        _ = Poll(ref poll, 1, -1);
    }

    [StructLayout(LayoutKind.Sequential)]
    struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

#pragma warning disable SYSLIB1054 // The generated form needs unsafe code, for nothing here.
    [DllImport("libc", SetLastError = true)]
    static extern nint write(int descriptor, ref byte bytes, nint count);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    static extern int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);
#pragma warning restore SYSLIB1054
}
