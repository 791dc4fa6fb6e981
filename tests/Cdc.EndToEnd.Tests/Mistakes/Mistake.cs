using Cdc.Testing;

namespace Cdc.EndToEnd.Tests.Mistakes;

/// <summary>Something a person gets wrong, and what the command must say to it.</summary>
/// <param name="Name">A sentence, for the test's name.</param>
/// <param name="Says">Part of the one sentence that says what is wrong.</param>
/// <param name="Fix">Part of the way out.</param>
/// <param name="Secrets">What must not be printed, for the mistakes that involve one.</param>
sealed record Mistake(string Name, int ExitCode, string Says, string Fix, params string[] Secrets)
{
    /// <summary>The password of every address in these tests.</summary>
    public const string Password = "hunter2-qzx";

    /// <summary>One failure, said once and in full, and nothing else that a person would have to wade
    /// through.</summary>
    public void Check(ProcessResult result)
    {
        string all = result.Output + result.Error;
        Assert.True(ExitCode == result.ExitCode, $"exit code {result.ExitCode} instead of {ExitCode}\n{all}");
        Assert.True(result.Output.Length == 0, $"stdout carries data only\n{all}");
        Assert.Contains(Says, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("fix: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(Fix, result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", all, StringComparison.Ordinal);
        foreach (string secret in Secrets.Append(Password)) Assert.DoesNotContain(secret, all,
            StringComparison.Ordinal);
    }

    public override string ToString() => Name;
}
