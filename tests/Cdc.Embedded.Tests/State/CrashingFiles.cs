using Cdc.Embedded.State;

namespace Cdc.Embedded.Tests.State;

/// <summary>The file system up to a numbered step, at which the machine stops: nothing happens from there on.</summary>
sealed class CrashingFiles : IStateFiles
{
    readonly DiskStateFiles _files = new();
    int _left = int.MaxValue;

    public bool Crashed { get; private set; }

    /// <summary>Stops at the <paramref name="step"/>th step from now on; writing takes two, before it and in its
    /// middle.</summary>
    public void CrashAt(int step) => _left = step;

    public byte[]? Read(string path) => _files.Read(path);

    public void Write(string path, ReadOnlySpan<byte> bytes)
    {
        Step();
        if (Stops()) _files.Write(path, bytes[..(bytes.Length / 2)]);
        Step();
        _files.Write(path, bytes);
    }

    public void Rename(string from, string to)
    {
        Step();
        _files.Rename(from, to);
    }

    public void FlushDirectory(string path)
    {
        Step();
        _files.FlushDirectory(path);
    }

    public void Append(string path, long at, ReadOnlySpan<byte> bytes)
    {
        Step();
        if (Stops()) _files.Append(path, at, bytes[..(bytes.Length / 2)]);
        Step();
        _files.Append(path, at, bytes);
    }

    bool Stops() => _left == 1;

    void Step()
    {
        if (Crashed || --_left == 0)
        {
            Crashed = true;
            throw new IOException("The machine stopped.");
        }
    }
}
