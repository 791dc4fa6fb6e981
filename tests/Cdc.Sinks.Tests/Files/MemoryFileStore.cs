using Cdc.Sinks.Files;

namespace Cdc.Sinks.Tests.Files;

/// <summary>What goes wrong at the chosen step.</summary>
public enum Fault
{
    /// <summary>The step is refused; later ones would work.</summary>
    Rejected,

    /// <summary>The step happens and is reported as failed.</summary>
    AppliedButFailed,

    /// <summary>The step and everything after it fail; a write leaves half of its bytes.</summary>
    DiskFull,

    /// <summary>The process is gone: the step happens, and nothing after it does, not even cleaning up.</summary>
    Killed,
}

/// <summary>A store in memory whose every change is a step, of which one can be made to fail.</summary>
internal sealed class MemoryFileStore : IFileStore
{
    readonly Lock _gate = new();
    readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    readonly Dictionary<string, TaskCompletionSource> _held = [];
    readonly Dictionary<string, TaskCompletionSource> _reached = [];
    int _left = -1;
    Fault _fault;
    bool _isDown;

    public string Place => "the test's store";

    public long? FreeBytes => 1 << 30;

    /// <summary>Whether the chosen step was reached.</summary>
    public bool Failed { get; private set; }

    public IReadOnlyDictionary<string, byte[]> Files
    {
        get { lock (_gate) return new SortedDictionary<string, byte[]>(_files, StringComparer.Ordinal); }
    }

    /// <summary>Lets the step after <paramref name="steps"/> more go wrong.</summary>
    public void FailAfter(int steps, Fault fault)
    {
        lock (_gate) (_left, _fault, Failed, _isDown) = (steps, fault, false, false);
    }

    /// <summary>The disk works again, or the machine has started again.</summary>
    public void Repair()
    {
        lock (_gate) (_left, _isDown) = (-1, false);
    }

    /// <summary>Keeps files whose name contains the text from being completed; ends when one would be.</summary>
    public Task Hold(string text)
    {
        lock (_gate)
        {
            _held[text] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _reached[text] = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached[text].Task;
        }
    }

    public void Free(string text) => _held[text].SetResult();

    public void Change(string name, byte[]? content)
    {
        lock (_gate)
        {
            if (content is null) _files.Remove(name);
            else _files[name] = content;
        }
    }

    public ValueTask PrepareAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask ProbeAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyList<string>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        lock (_gate)
        {
            return new((IReadOnlyList<string>)[.. _files.Keys
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Select(name => name[prefix.Length..].Split('/')[0]).Distinct()]);
        }
    }

    public ValueTask<byte[]?> ReadAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate) return new(_files.GetValueOrDefault(name));
    }

    public async ValueTask<IDataWriter> CreateAsync(string name, CancellationToken cancellationToken)
    {
        string temporary = name + ".tmp";
        await Step(() => _files.TryAdd(temporary, []));
        return new Writer(this, name, temporary);
    }

    public ValueTask<bool> PutIfAbsentAsync(
        string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        Step(() => _files.TryAdd(name, content.ToArray()));

    public async ValueTask PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await Step(() => (_files[name] = content.ToArray()).Length > 0);

    public async ValueTask DeleteAsync(string name, CancellationToken cancellationToken) =>
        await Step(() => _files.Remove(name));

    ValueTask<bool> Step(Func<bool> change, Action? half = null)
    {
        lock (_gate)
        {
            if (_isDown) throw new IOException("No space left on device.");
            if (_left != 0)
            {
                if (_left > 0) _left--;
                return new(change());
            }
            (_left, Failed) = (-1, true);
            switch (_fault)
            {
                case Fault.Rejected:
                    break;
                case Fault.AppliedButFailed:
                    change();
                    break;
                case Fault.DiskFull:
                    half?.Invoke();
                    _isDown = true;
                    break;
                case Fault.Killed:
                    change();
                    _isDown = true;
                    break;
            }
            throw new IOException("The step failed.");
        }
    }

    sealed class Writer(MemoryFileStore store, string name, string temporary) : IDataWriter
    {
        bool _completed;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            await store.Step(() => Append(bytes.Span), () => Append(bytes.Span[..(bytes.Length / 2)]));

        public async ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            Task? held = null;
            lock (store._gate)
            {
                foreach ((string text, TaskCompletionSource source) in store._held)
                {
                    if (!name.Contains(text, StringComparison.Ordinal)) continue;
                    store._reached[text].TrySetResult();
                    held = source.Task;
                }
            }
            if (held is not null) await held;
            await store.Step(Rename);
            _completed = true;
        }

        public async ValueTask DisposeAsync()
        {
            if (!_completed) await store.DeleteAsync(temporary, CancellationToken.None);
        }

        bool Append(ReadOnlySpan<byte> bytes)
        {
            // A file that somebody deleted takes bytes as before, and has no name to be given.
            if (!store._files.TryGetValue(temporary, out byte[]? before)) return true;
            store._files[temporary] = [.. before, .. bytes];
            return true;
        }

        bool Rename()
        {
            if (!store._files.Remove(temporary, out byte[]? content)) throw new FileNotFoundException("Deleted.");
            if (!store._files.TryAdd(name, content)) throw new IOException("It exists already.");
            return true;
        }
    }
}
