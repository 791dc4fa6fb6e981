using Npgsql;

namespace Cdc.EndToEnd.Tests.Rig;

/// <summary>An application that knows nothing of us: a plain role that writes to tables of every kind of identity, all the
/// time. A statement of it that fails is our fault.</summary>
sealed class TestApplication : IAsyncDisposable
{
    readonly NpgsqlDataSource _database;
    readonly Random _random;
    readonly CancellationTokenSource _stop = new();
    Task _running = Task.CompletedTask;
    long _next;
    int _transactions;

    TestApplication(NpgsqlDataSource database, int seed) => (_database, _random) = (database, new(seed));

    /// <summary>Tables whose rebuilt rows must equal the source's.</summary>
    public static IReadOnlyList<string> Compared { get; } =
        ["accounts", "orders", "lines", "wide", "log", "scratch", "scratch_child", "codes"];

    public int Transactions => Volatile.Read(ref _transactions);

    /// <summary>Makes the tables, as their owner <c>app</c>, and fills them.</summary>
    public static async Task<TestApplication> InstallAsync(string superuser, string database, int seed)
    {
        await using (NpgsqlDataSource admin = NpgsqlDataSource.Create(superuser))
        {
            await ExecuteAsync(admin, "do $$ begin create role app login; exception when duplicate_object then null; end $$");
            await ExecuteAsync(admin, "create schema shop authorization app");
        }
        NpgsqlConnectionStringBuilder own = new(database) { Username = "app", MaxPoolSize = 4 };
        TestApplication application = new(NpgsqlDataSource.Create(own), seed);
        await ExecuteAsync(application._database, Tables + Rows);
        return application;
    }

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Ends the writing; throws if a statement failed meanwhile.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Waits until this many more transactions are committed.</summary>
    public async Task WriteMoreAsync(int transactions)
    {
        int target = Transactions + transactions;
        while (Transactions < target)
        {
            if (_running.IsCompleted) await _running;
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _database.DisposeAsync();
        _stop.Dispose();
    }

    async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await using NpgsqlConnection connection = await _database.OpenConnectionAsync();
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
            int statements = _random.Next(1, 6);
            for (int i = 0; i < statements; i++) await StatementAsync(connection, transaction);
            if (_random.Next(20) == 0) await transaction.RollbackAsync();
            else await transaction.CommitAsync();
            Interlocked.Increment(ref _transactions);
        }
    }

    async Task StatementAsync(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        long id = Interlocked.Increment(ref _next);
        int some = _random.Next(1, 400);
        string sql = Statements[_random.Next(Statements.Length)];
        await using NpgsqlCommand command = new(sql, connection, transaction);
        command.Parameters.AddWithValue("id", id);
        command.Parameters.AddWithValue("some", some);
        command.Parameters.AddWithValue("text", new string((char)('a' + some % 26), some % 7 == 0 ? 12_000 : some));
        await command.ExecuteNonQueryAsync();
    }

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using NpgsqlCommand command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    // Out-of-line values need text that does not compress away.
    const string Big = "(select string_agg(md5(@text || g), '') from generate_series(1, 200) g)";

    static readonly string[] Statements =
    [
        "insert into shop.orders(id, state, note, amount) values (1000 + @id, 'new', " + Big + ", @some / 7.0)",
        "insert into shop.orders(id, state, note, amount) values (1000 + @id, 'new', @text, @some)",
        "update shop.orders set state = 'paid ' || @some where id % 400 = @some",
        "update shop.orders set id = id + 1000000 where id = (select max(id) from shop.orders where id < 1000000)",
        "delete from shop.orders where id = (select id from shop.orders order by id offset @some limit 1)",
        "update shop.accounts set balance = balance + 1 where id in (@some, @some + 1)",
        "insert into shop.lines values (@id, @some, @text) on conflict do nothing",
        "update shop.lines set line = line + 1000 where order_id = @id - 3",
        "delete from shop.lines where order_id = @id - 9",
        "insert into shop.wide(id, tags, body) values (@id, array[@text, null, 'x,\"y'], " + Big + ")",
        "update shop.wide set n = coalesce(n, 0) + 1, id = -id where id = @id - @some",
        "update shop.wide set doc = jsonb_build_object('some', @some, 'text', @text) where id % 50 = @some % 50",
        "delete from shop.wide where id = @id - 40",
        "insert into shop.log(line) values (@text)",
        "insert into shop.scratch values (@id, @text)",
        "insert into shop.scratch_child values (@id)",
        "truncate shop.scratch, shop.scratch_child",
        "truncate shop.log",
        "insert into shop.codes values (@some / 10.0, @text) on conflict (code) do update set name = excluded.name || 'x'",
        "update shop.codes set code = code * 1.0 where code = @some / 10.0",
        "update shop.keyless set n = n + 1 where n = @some",
        "insert into shop.keyless values (@some)",
        "delete from shop.keyless where n = @some",
        "update shop.deferred set n = n + 1 where id = @some",
        "insert into shop.deferred values (@id, @some)",
        "delete from shop.deferred where id = @id - 5",
        "update shop.nothing set n = n + 1 where id = @some",
        "insert into shop.nothing values (@id, @some)",
        "delete from shop.nothing where id = @id - 5",
    ];

    /// <summary>The tables without rows, for rebuilding them elsewhere. The schema <c>shop</c> must exist.</summary>
    public const string Tables = """
        create table shop.accounts (id bigint primary key, owner text not null, balance numeric(20,2) not null);
        create table shop.orders (id bigint primary key, state text, note text, amount numeric, at timestamptz default now());
        create table shop.lines (order_id bigint, line int, what text, primary key (order_id, line));
        create type shop.mood as enum ('sad', 'ok', 'happy');
        create table shop.wide (id bigint primary key, n int, tags text[], doc jsonb, mood shop.mood default 'ok', body text,
            span int4range default '[1,5)', day date default 'infinity', bits bit varying(9) default B'101',
            bytes bytea default '\xdeadbeef', f float8 default 'NaN', took interval default '1 day 2 hours');
        alter table shop.wide replica identity full;
        alter table shop.wide alter body set storage external;
        create table shop.log (line text);
        create table shop.scratch (id bigint primary key, what text);
        create table shop.scratch_child (id bigint primary key);
        create table shop.codes (code numeric primary key, name text);
        create table shop.keyless (n int);
        create table shop.deferred (id bigint primary key deferrable, n int);
        create table shop.nothing (id bigint primary key, n int);
        alter table shop.nothing replica identity nothing;
        """;

    const string Rows = """
        insert into shop.accounts select g, 'owner ' || g, 100 from generate_series(1, 2000) g;
        insert into shop.orders select g, 'old', repeat(md5(g::text), g % 90), g / 3.0 from generate_series(1, 900) g;
        insert into shop.lines select g / 3, g % 3, md5(g::text) from generate_series(1, 3000) g;
        insert into shop.wide(id, tags) select g, array[g::text] from generate_series(-100300, -100001) g;
        insert into shop.log select md5(g::text) from generate_series(1, 500) g;
        insert into shop.nothing select g, g from generate_series(-300, -1) g;
        insert into shop.keyless select g from generate_series(1, 300) g;
        """;
}
