using Cdc.Conformance.Tests.Source;
using Cdc.Postgres.Capture;
using Npgsql;

namespace Cdc.Conformance.Tests.Capture;

/// <summary>The application's time that runs out inside our functions is not its statement's end.</summary>
public sealed class CancelTests(SourceFixture fixture) : IClassFixture<SourceFixture>
{
    const string Timeout = "SET statement_timeout = '2s'";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("types")]
    [InlineData("publish")]
    [InlineData("tables")]
    [InlineData("emit")]
    public async Task A_command_is_done_and_told_though_its_time_runs_out_in_our_function(string function)
    {
        await using CaptureCase @case = await SlowAsync(function);
        await @case.RunAsync(Timeout, "CREATE TABLE n (id int PRIMARY KEY)", "RESET statement_timeout", "INSERT INTO n VALUES (1)");
        DdlMessage message = Assert.Single(await @case.MessagesAsync());
        Assert.Null(message.Unreadable);
        Assert.Equal("n", Assert.Single(message.Tables).Name.Name);
        Assert.Contains("n", await @case.KeyedAsync());
    }

    [Fact]
    public async Task A_block_whose_time_runs_out_ends_as_it_would_anyway()
    {
        await using CaptureCase @case = await SlowAsync("types");
        await @case.RunAsync(Timeout);
        await using NpgsqlConnection application = await @case.OpenAsync();
        await CaptureCase.ExecuteAsync(application, Timeout);
        await using NpgsqlCommand block = new("DO $$ BEGIN CREATE TABLE n (id int); END $$", application);
        PostgresException ended = await Assert.ThrowsAsync<PostgresException>(() => block.ExecuteNonQueryAsync(Cancellation));
        Assert.Equal(PostgresErrorCodes.QueryCanceled, ended.SqlState);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1h")]
    public async Task A_command_that_somebody_cancels_ends(string timeout)
    {
        await using CaptureCase @case = await SlowAsync("types");
        await using NpgsqlConnection application = await @case.OpenAsync();
        await CaptureCase.ExecuteAsync(application, $"SET statement_timeout = '{timeout}'");
        await using NpgsqlCommand create = new("CREATE TABLE n (id int)", application);
        Task<int> creating = create.ExecuteNonQueryAsync(Cancellation);
        while ((await @case.QueryAsync($"SELECT wait_event FROM pg_stat_activity WHERE pid = {application.ProcessID}"))[0] != "PgSleep")
            Assert.False(creating.IsCompleted);
        await @case.AdminAsync($"SELECT pg_cancel_backend({application.ProcessID})");
        PostgresException ended = await Assert.ThrowsAsync<PostgresException>(() => creating);
        Assert.Equal(PostgresErrorCodes.QueryCanceled, ended.SqlState);
    }

    /// <summary>One of our functions sleeps as long as the statement has time left, and then does its work.</summary>
    async Task<CaptureCase> SlowAsync(string function)
    {
        CaptureCase @case = await CaptureCase.StartAsync(fixture, "CREATE TABLE old (id int PRIMARY KEY)");
        await @case.AdminAsync($$"""
            DO $do$
            DECLARE _text text;
            BEGIN
                SELECT replace(pg_get_functiondef(p.oid), E'BEGIN\n', E'BEGIN\n IF COALESCE(clock_timestamp() '
                    '< statement_timestamp() + NULLIF(current_setting(''statement_timeout'')::interval, ''0''), true) '
                    'THEN PERFORM pg_sleep(600); END IF;') INTO STRICT _text
                FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname = 'cdc' AND p.proname = '{{@case.Name}}_{{function}}';
                EXECUTE _text;
            END $do$
            """);
        return @case;
    }
}
