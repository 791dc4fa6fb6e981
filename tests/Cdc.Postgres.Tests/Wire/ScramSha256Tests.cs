using System.Security.Cryptography;
using Cdc.Engine.Failures;
using Cdc.Postgres.Wire;

namespace Cdc.Postgres.Tests.Wire;

public sealed class ScramSha256Tests
{
    // RFC 7677, section 3.
    const string ServerFirst =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const string ServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    [Fact]
    public void The_exchange_of_RFC_7677_comes_out_to_the_letter()
    {
        ScramSha256 scram = Rfc7677();
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", scram.First);
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", scram.Final(ServerFirst));
        scram.Verify(ServerFinal);
    }

    [Fact]
    public void A_server_that_does_not_know_the_password_is_noticed()
    {
        ScramSha256 scram = Rfc7677();
        scram.Final(ServerFirst);
        Assert.Throws<CryptographicException>(() => scram.Verify("v=" + Convert.ToBase64String(new byte[32])));
        Assert.Throws<CryptographicException>(() => scram.Verify("v="));
    }

    [Theory]
    [InlineData("")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")] // The server added nothing.
    [InlineData("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=***,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999")]
    [InlineData("s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,r=rOprNGfwEbeRWgbNEkqOx")]
    public void A_malformed_challenge_is_a_violation(string serverFirst) => Assert.Equal(
        FailureKind.ProtocolViolation, Assert.Throws<CdcException>(() => Rfc7677().Final(serverFirst)).Kind);

    [Theory]
    [InlineData("")]
    [InlineData("e=other-error")]
    [InlineData("v=***")]
    public void A_malformed_end_is_a_violation(string serverFinal)
    {
        ScramSha256 scram = Rfc7677();
        scram.Final(ServerFirst);
        Assert.Equal(
            FailureKind.ProtocolViolation, Assert.Throws<CdcException>(() => scram.Verify(serverFinal)).Kind);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("I\u00ADX", "IX")] // An example of RFC 4013.
    [InlineData("a\u00A0b", "a b")]
    [InlineData("\uD800", "\uD800")] // No well-formed text stays as it is.
    public void Passwords_are_prepared(string typed, string prepared) =>
        Assert.Equal(prepared, SaslPrep.Normalize(typed));

    [Fact]
    public void Md5_answers_as_the_documentation_says()
    {
        // The inner digest is md5('secretuser') by another program.
        string answer = "md5" + Md5("20eb1b22a92b5c573dc1eb4331fc49ee");
        Assert.Equal(answer, Md5Password.Answer("user", "secret", [1, 2, 3, 4]));

        static string Md5(string inner) => Convert.ToHexStringLower(
            MD5.HashData([.. System.Text.Encoding.ASCII.GetBytes(inner), 1, 2, 3, 4]));
    }

    static ScramSha256 Rfc7677() => new("user", "pencil", "rOprNGfwEbeRWgbNEkqO", "n,,", []);
}
