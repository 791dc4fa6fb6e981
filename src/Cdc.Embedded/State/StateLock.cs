using System.Globalization;
using System.Text;
using Cdc.Engine.Failures;
using Cdc.Engine.Storage;

namespace Cdc.Embedded.State;

/// <summary>Holds a state directory for one process. The operating system lets go when the process dies, however it
/// does.</summary>
sealed class StateLock : IDisposable
{
    const string Heading = "cdc lock, format 1";
    const int BytesMax = 200;

    readonly FileStream _file;

    StateLock(FileStream file) => _file = file;

    /// <exception cref="CdcException">StateLocked, naming the process that holds it; DiskFailed.</exception>
    public static StateLock Take(string directory)
    {
        string path = Path.Combine(directory, "lock");
        try
        {
            // Windows shares reading, so that others can read who holds it; elsewhere only none is an exclusive lock.
            FileShare share = OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None;
            StateLock taken = new(PrivateFiles.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, share));
            taken.Sign();
            return taken;
        }
        catch (IOException exception) when (IsHeld(exception))
        {
            throw Locked(directory, Holder(path));
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            throw DiskFailure.From(exception, directory);
        }
    }

    public void Dispose() => _file.Dispose();

    void Sign()
    {
        try
        {
            _file.SetLength(0);
            _file.Write(Encoding.ASCII.GetBytes($"{Heading}\npid {Environment.ProcessId}\n"));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    static CdcException Locked(string directory, int? holder) => new(
        FailureKind.StateLocked,
        $"The state directory {directory} is in use by {(holder is { } pid ? $"process {pid}" : "another process")}.",
        "Stop that process, or give this changefeed another --name or --state.");

    static int? Holder(string path)
    {
        try
        {
            string[] lines = Encoding.ASCII.GetString(PrivateFiles.ReadHeld(path, BytesMax)).Split('\n');
            return lines is [Heading, ['p', 'i', 'd', ' ', .. string pid], ..]
                && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int holder) ? holder : null;
        }
        catch (Exception exception) when (DiskFailure.Is(exception))
        {
            return null; // The sentence then names no process.
        }
    }

    // EWOULDBLOCK on Linux and macOS; a sharing violation on Windows.
    static bool IsHeld(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);
}
