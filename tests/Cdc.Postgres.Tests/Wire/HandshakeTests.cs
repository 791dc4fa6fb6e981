using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Tests.Wire;

public sealed class HandshakeTests
{
    const string Scram = ScramSha256.Name;
    const string ScramPlus = ScramSha256.NamePlus;

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(1)]
    [InlineData(7)]
    public void A_session_starts_however_its_bytes_are_cut(int piece)
    {
        Dictionary<string, string>? startup = null;
        using var server = new ScriptedServer(session =>
        {
            session.Piece = piece;
            startup = session.ReadStartup();
            session.LetIn();
            Assert.Equal("SELECT 1", session.ReadText('Q'));
            session.Send('N', "SNOTICE\0C00000\0Mhello\0\0"u8);
            session.SendRows(["a", "b"], ["1", null], ["2", ""]);
        });
        var notices = new List<string>();
        using (PgConnection connection = server.Connect())
        {
            connection.Noticed = n => notices.Add(n.Message);
            PgRows rows = connection.Query("SELECT 1");
            Assert.Equal([["1", null], ["2", ""]], rows.Select(row => row.ToArray()));
            Assert.Equal(15_0004, connection.ServerVersion);
            Assert.Equal(4711, connection.BackendProcessId);
        }
        Assert.Null(server.Failure);
        Assert.Equal(["hello"], notices);
        Assert.Equal("user", startup!["user"]);
        Assert.Equal("db", startup["database"]);
        Assert.DoesNotContain("replication", startup.Keys);
        foreach ((string name, string value) in PinnedSettings.AtStart) Assert.Equal(value, startup[name]);
    }

    [Fact]
    public void Replication_is_asked_for_with_a_database_and_pinned_settings_beat_the_endpoints()
    {
        Dictionary<string, string>? startup = null;
        using var server = new ScriptedServer(session =>
        {
            startup = session.ReadStartup();
            session.LetIn();
        });
        PgEndpoint endpoint = server.Endpoint with
        {
            StartupParameters = new Dictionary<string, string> { ["datestyle"] = "German", ["options"] = "-c jit=off" },
        };
        server.Connect(new() { Replication = true }, endpoint).Dispose();
        Assert.Equal("database", startup!["replication"]);
        Assert.Equal("-c jit=off", startup["options"]);
        Assert.Equal(["ISO, MDY"], startup.Where(s => s.Key.Equals("DateStyle", StringComparison.OrdinalIgnoreCase))
            .Select(s => s.Value));
    }

    [Fact]
    public void A_dropped_setting_is_noticed()
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendAuthentication(0);
            session.SendReady();
            session.AnswerSettings(
                new Dictionary<string, string>(PinnedSettings.AtStart) { ["extra_float_digits"] = "1" });
        });
        var unfit = Assert.Throws<CdcException>(() => server.Connect());
        Assert.Equal(FailureKind.SourceUnfit, unfit.Kind);
        Assert.Contains("extra_float_digits", unfit.Message);
        Assert.Contains("pooler", unfit.Fix);
    }

    [Fact]
    public void Scram_without_TLS_is_not_bound()
    {
        (string, string) chosen = default;
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            chosen = ScriptedScram.Run(session, "pencil", [Scram]);
            session.LetIn();
        });
        server.Connect().Dispose();
        Assert.Null(server.Failure);
        Assert.Equal((Scram, "n,,"), chosen);
    }

    [Theory]
    [InlineData(new[] { ScramPlus, Scram }, ScramPlus, "p=tls-server-end-point,,")]
    [InlineData(new[] { Scram }, Scram, "y,,")]
    public void Scram_over_TLS_is_bound_where_that_is_offered(string[] offered, string mechanism, string header)
    {
        using X509Certificate2 certificate = SelfSigned();
        (string, string) chosen = default;
        using var server = new ScriptedServer(session =>
        {
            session.ReadSslRequest();
            session.SendRaw("S"u8);
            using var tls = new SslStream(session.Stream);
            tls.AuthenticateAsServer(certificate);
            session.Stream = tls;
            session.ReadStartup();
            chosen = ScriptedScram.Run(session, "pencil", offered, SHA256.HashData(certificate.RawData));
            session.LetIn();
            session.ReadMessage();
        });
        server.Connect(null, server.Endpoint with { SslMode = SslMode.Require }).Dispose();
        Assert.Null(server.Failure);
        Assert.Equal((mechanism, header), chosen);
    }

    [Fact]
    public void A_server_that_lets_us_in_half_way_through_scram_is_not_trusted()
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendAuthentication(10, "SCRAM-SHA-256\0\0"u8);
            session.ReadMessage();
            session.LetIn();
        });
        var refused = Assert.Throws<CdcException>(() => server.Connect());
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Contains("did not prove", refused.Message);
    }

    [Fact]
    public void Md5_and_clear_text_are_answered()
    {
        var answers = new List<string>();
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendAuthentication(5, [1, 2, 3, 4]);
            answers.Add(session.ReadText('p'));
            session.SendAuthentication(3);
            answers.Add(session.ReadText('p'));
            session.LetIn();
        });
        server.Connect().Dispose();
        Assert.Equal([Md5Password.Answer("user", "pencil", [1, 2, 3, 4]), "pencil"], answers);
    }

    [Theory]
    [InlineData(7, "GSSAPI")]
    [InlineData(9, "SSPI")]
    [InlineData(42, "42")]
    public void An_unknown_method_is_said(int method, string named)
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendAuthentication(method);
        });
        var refused = Assert.Throws<CdcException>(() => server.Connect());
        Assert.Equal(FailureKind.SourceRefused, refused.Kind);
        Assert.Contains(named, refused.Message);
    }

    [Theory]
    [InlineData("28P01", FailureKind.SourceRefused)]
    [InlineData("53300", FailureKind.SourceUnreachable)]
    [InlineData("57P03", FailureKind.SourceUnreachable)]
    [InlineData("08P01", FailureKind.SourceUnfit)]
    [InlineData("42704", FailureKind.SourceUnfit)]
    [InlineData("", FailureKind.SourceUnfit)]
    public void A_refusal_has_the_kind_of_its_code_and_no_escape_sequence(string sqlState, FailureKind kind)
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            session.SendError("FATAL", sqlState, "no \u001B[31mway\n");
        });
        var refused = Assert.Throws<CdcException>(() => server.Connect());
        Assert.Equal(kind, refused.Kind);
        Assert.DoesNotContain(refused.Message, char.IsControl);
    }

    [Theory]
    [InlineData(SslMode.Require, FailureKind.SourceRefused)]
    [InlineData(SslMode.VerifyFull, FailureKind.SourceRefused)]
    internal void A_server_without_TLS_is_refused_where_TLS_is_asked_for(SslMode mode, FailureKind kind)
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadSslRequest();
            session.SendRaw("N"u8);
        });
        var refused = Assert.Throws<CdcException>(
            () => server.Connect(null, server.Endpoint with { SslMode = mode }));
        Assert.Equal(kind, refused.Kind);
    }

    [Fact]
    public void Bytes_slipped_in_before_the_TLS_handshake_break_it()
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadSslRequest();
            session.SendRaw([(byte)'S', .. ScriptedSession.Message('R', ScriptedSession.Int32(0))]);
        });
        Assert.Throws<CdcException>(() => server.Connect(null, server.Endpoint with { SslMode = SslMode.Require }));
    }

    [Fact]
    public void A_server_that_drips_notices_does_not_hold_us_for_ever()
    {
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            while (true) session.Send('N', "SNOTICE\0C00000\0Mwait\0\0"u8);
        });
        PgEndpoint endpoint = server.Endpoint with { ConnectTimeout = TimeSpan.FromMilliseconds(300) };
        var late = Assert.Throws<CdcException>(() => server.Connect(null, endpoint));
        Assert.Equal(FailureKind.SourceUnreachable, late.Kind);
    }

    [Fact]
    public void A_silent_server_is_given_up()
    {
        using var hold = new ManualResetEventSlim();
        using var server = new ScriptedServer(_ => hold.Wait());
        PgEndpoint endpoint = server.Endpoint with { ConnectTimeout = TimeSpan.FromMilliseconds(100) };
        var late = Assert.Throws<CdcException>(() => server.Connect(null, endpoint));
        hold.Set();
        Assert.Equal(FailureKind.SourceUnreachable, late.Kind);
    }

    [Fact]
    public void A_cancelled_start_stops_waiting()
    {
        using var stop = new CancellationTokenSource();
        using var server = new ScriptedServer(session =>
        {
            session.ReadStartup();
            stop.Cancel();
            session.ReadMessage();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => PgConnection.Connect(server.Endpoint, new(), stop.Token));
    }

    [Fact]
    public void An_endpoint_prints_without_its_password()
    {
        var endpoint = new PgEndpoint { Host = "h", Database = "d", User = "u", Password = "pencil" };
        Assert.DoesNotContain("pencil", endpoint.ToString());
    }

    static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=scripted", key, HashAlgorithmName.SHA256);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
