using System.Reflection;
using System.Text;

namespace Cdc.Tidy.Tests;

/// <summary>What other people's code may depend on is a text file, reviewed when it changes.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Cdc.Protocol")]
    [InlineData("Cdc.Engine")]
    [InlineData("Cdc.Postgres")]
    [InlineData("Cdc.Sinks")]
    [InlineData("Cdc.Embedded")]
    public void The_public_API_changes_only_on_purpose(string project)
    {
        string file = Path.Combine(Repository.Root, "src", project, "PublicApi.txt");
        string found = Describe(Assembly.Load(project));
        if (Environment.GetEnvironmentVariable("CDC_TEST_ACCEPT") == "1") File.WriteAllText(file, found);
        Assert.True(File.Exists(file), $"{file} is missing; CDC_TEST_ACCEPT=1 writes it.");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), found);
    }

    static string Describe(Assembly assembly)
    {
        StringBuilder text = new();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(static t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(type.FullName).Append(type.IsInterface ? " (interface)" : type.IsEnum ? " (enum)" : "").Append('\n');
            const BindingFlags Declared =
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            IEnumerable<string> members = type.GetMembers(Declared)
                .Where(static m => m is not MethodInfo { IsSpecialName: true } and not Type)
                .Where(static m => !m.Name.Contains('<'))
                .Select(static m => m.ToString()!).Order(StringComparer.Ordinal);
            foreach (string member in members) text.Append("    ").Append(member).Append('\n');
        }
        return text.ToString();
    }
}
