using System.Xml.Linq;

namespace Cdc.Tidy.Tests;

public sealed class ArrowTests
{
    [Theory]
    [InlineData("Cdc.Protocol", "")]
    [InlineData("Cdc.Engine", "Cdc.Protocol")]
    [InlineData("Cdc.Postgres", "Cdc.Engine")]
    [InlineData("Cdc.Sinks", "Cdc.Engine")]
    [InlineData("Cdc.Embedded", "Cdc.Engine")]
    [InlineData("Cdc.Cli", "Cdc.Embedded Cdc.Postgres Cdc.Sinks")]
    public void A_project_sees_what_its_arrow_allows_and_nothing_else(string project, string allowed) =>
        Assert.Equal(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries), References(project, "ProjectReference"));

    [Fact]
    public void Every_project_has_an_arrow()
    {
        string[] known = ["Cdc.Cli", "Cdc.Embedded", "Cdc.Engine", "Cdc.Postgres", "Cdc.Protocol", "Cdc.Sinks"];
        Assert.Equal(known, Repository.Projects("src").Select(static p => Path.GetFileNameWithoutExtension(p)).Order());
    }

    [Theory]
    [InlineData("Cdc.Protocol", "")]
    [InlineData("Cdc.Engine", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("Cdc.Postgres", "Npgsql")]
    [InlineData("Cdc.Sinks", "")]
    [InlineData("Cdc.Embedded", "")]
    [InlineData("Cdc.Cli", "System.CommandLine")]
    public void A_package_is_a_decision(string project, string allowed) =>
        Assert.Equal(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries), References(project, "PackageReference"));

    static IEnumerable<string> References(string project, string kind) =>
        XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj")).Descendants(kind)
            .Select(static e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value + (e.Name == "PackageReference" ? ".x" : "")))
            .Order();
}
