using Cdc.Engine.Options;
using Microsoft.Extensions.Logging;

namespace Cdc.Cli.Logging;

/// <summary>Loggers that write one plain line each, beside everything else that is said to people.</summary>
sealed class ErrorLoggerFactory(TextWriter error, TimeProvider time, LogLevel least) : ILoggerFactory
{
    readonly Lock _lock = new();

    /// <summary>Called before a line is written, so that a progress line on a terminal makes room.</summary>
    public Action BeforeLine { get; set; } = static () => { };

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("The command has one place to log to.");

    public void Dispose() { }

    /// <summary>The level that a person named, or null if there is none of that name.</summary>
    public static LogLevel? LevelOf(string name) => name switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "information" or "info" => LogLevel.Information,
        "warning" or "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "none" => LogLevel.None,
        _ => null,
    };

    void Write(string category, LogLevel level, string text, Exception? cause)
    {
        string reason = cause is null || least > LogLevel.Debug ? "" : $" ({cause.GetType().Name})";
        string who = category[(category.LastIndexOf('.') + 1)..];
        string line = $"{time.GetUtcNow():HH:mm:ss.fff} {Word(level)} {who}: {text}{reason}";
        lock (_lock)
        {
            BeforeLine();
            error.WriteLine(Secrets.Masked(line));
        }
    }

    static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        LogLevel.Critical => "fatal",
        LogLevel.None => "     ",
    };

    sealed class LineLogger(ErrorLoggerFactory factory, string category) : ILogger
    {
        readonly ErrorLoggerFactory _factory = factory;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logLevel >= _factory.Least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) _factory.Write(category, logLevel, formatter(state, exception), exception);
        }
    }

    LogLevel Least => least;
}
