using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Cdc.Tidy.Tests;

public sealed class LengthTests
{
    const int FileLines = 500;
    const int MethodLines = 70;
    const int Columns = 120;
    const int ConstructorParameters = 8;

    static readonly string[] Everything = ["src", "tests", "bench"];

    [Fact]
    public void No_file_is_longer_than_500_lines() =>
        Assert.Empty(Repository.SourceFiles(Everything).Where(static f => File.ReadLines(f).Count() > FileLines).Select(Repository.Relative));

    [Fact]
    public void No_line_is_longer_than_120_columns() =>
        Assert.Empty(Repository.SourceFiles("src").SelectMany(static file => File.ReadLines(file)
            .Select((line, i) => (line, Place: $"{Repository.Relative(file)}:{i + 1}"))
            .Where(static l => l.line.Length > Columns).Select(static l => l.Place)));

    [Fact]
    public void No_method_is_longer_than_70_lines() =>
        Assert.Empty(Nodes<BaseMethodDeclarationSyntax>("src", "tests", "bench")
            .Where(static n => Lines(n.Node) > MethodLines).Select(static n => $"{n.File}: {Name(n.Node)}, {Lines(n.Node)} lines"));

    [Fact]
    public void No_constructor_takes_more_than_8_parameters() =>
        Assert.Empty(
            Nodes<ConstructorDeclarationSyntax>("src").Select(static n => (n.File, List: n.Node.ParameterList))
                .Concat(Nodes<ClassDeclarationSyntax>("src").Where(static n => n.Node.ParameterList is not null)
                    .Select(static n => (n.File, List: n.Node.ParameterList!)))
                .Where(static n => n.List.Parameters.Count > ConstructorParameters).Select(static n => n.File));

    [Fact]
    public void A_class_is_sealed_abstract_or_static() =>
        Assert.Empty(Nodes<ClassDeclarationSyntax>("src").Where(static n => !n.Node.Modifiers.Any(static m =>
                m.IsKind(SyntaxKind.SealedKeyword) || m.IsKind(SyntaxKind.AbstractKeyword) || m.IsKind(SyntaxKind.StaticKeyword)))
            .Select(static n => $"{n.File}: {n.Node.Identifier.Text}"));

    static int Lines(SyntaxNode node)
    {
        FileLinePositionSpan span = node.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1;
    }

    static string Name(BaseMethodDeclarationSyntax node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };

    static IEnumerable<(string File, T Node)> Nodes<T>(params string[] folders) where T : SyntaxNode =>
        Repository.SourceFiles(folders).SelectMany(static file => CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot()
            .DescendantNodes().OfType<T>().Select(node => (Repository.Relative(file), node)));
}
