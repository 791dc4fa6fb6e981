namespace Cdc.Testing;

/// <summary>There is no database server on this machine to test against.</summary>
/// <remarks>
/// A test that needs one either lets this pass through, and fails, or skips with its message. It must fail where
/// <see cref="IsFailure"/> says so.
/// </remarks>
public sealed class ServerMissingException(string message) : Exception(message)
{
    /// <summary>CDC_TEST_REQUIRE_SERVERS=1: a missing server is a failure, never a skip.</summary>
    public static bool IsFailure => Environment.GetEnvironmentVariable("CDC_TEST_REQUIRE_SERVERS") == "1";
}
