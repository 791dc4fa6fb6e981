using System.Reflection;
using System.Runtime.Loader;
using Cdc.Simulator.Target;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Cdc.Simulator.Tests.Mutations;

/// <summary>Compiles the protocol's sources with one text replaced, and runs the simulator on the result. Nothing of it
/// is ever part of what ships.</summary>
public sealed class MutantFactory
{
    /// <summary>Where the sources are.</summary>
    public static string Repository { get; } = FindRepository();

    static readonly CSharpParseOptions Parse = new(LanguageVersion.CSharp14);
    readonly string _root = Path.Combine(Repository, "src", "Cdc.Protocol");
    readonly Dictionary<string, SyntaxTree> _trees = [];
    readonly CSharpCompilation _compilation;

    public MutantFactory()
    {
        string build = $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}";
        foreach (string file in Directory.EnumerateFiles(_root, "*.cs", SearchOption.AllDirectories).Order())
        {
            if (file.Contains(build)) continue;
            string name = Path.GetRelativePath(_root, file).Replace('\\', '/');
            _trees[name] = CSharpSyntaxTree.ParseText(File.ReadAllText(file), Parse, file);
        }

        const string Usings = """
            global using System;
            global using System.Collections.Generic;
            global using System.Linq;
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Cdc.Simulator")]
            """;
        string trusted = (string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!;
        _compilation = CSharpCompilation.Create(
            "Cdc.Protocol",
            [.. _trees.Values, CSharpSyntaxTree.ParseText(Usings, Parse)],
            trusted.Split(Path.PathSeparator).Where(static path => Path.GetFileName(path).StartsWith("System."))
                .Select(static path => MetadataReference.CreateFromFile(path)),
            new(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
                nullableContextOptions: NullableContextOptions.Enable));
    }

    /// <summary>A simulator whose protocol has the mutation; null: none, as a control.</summary>
    /// <exception cref="InvalidOperationException">The text is not there once, or the result does not compile.</exception>
    public Mutant Make(Mutation? mutation)
    {
        CSharpCompilation compilation = _compilation;
        for (Mutation? off = mutation; off is not null; off = off.Behind) compilation = Mutate(compilation, off);
        using MemoryStream assembly = new();
        var result = compilation.Emit(assembly);
        if (!result.Success)
        {
            throw new InvalidOperationException($"{mutation}: "
                + string.Join('\n', result.Diagnostics.Where(static d => d.Severity == DiagnosticSeverity.Error)));
        }

        assembly.Position = 0;
        return new(assembly);
    }

    CSharpCompilation Mutate(CSharpCompilation compilation, Mutation mutation)
    {
        SyntaxTree tree = _trees[mutation.File];
        string text = tree.ToString();
        int first = text.IndexOf(mutation.Find, StringComparison.Ordinal);
        if (first < 0 || text.IndexOf(mutation.Find, first + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"{mutation}: its text is not once in {mutation.File}.");
        string changed = text.Replace(mutation.Find, mutation.Replace, StringComparison.Ordinal);
        return compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.ParseText(changed, Parse));
    }

    static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Cdc.sln")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("Not inside the repository.");
    }
}

/// <summary>A simulator of its own, with a protocol of its own.</summary>
public sealed class Mutant
{
    readonly MethodInfo _firstBroken;

    public Mutant(Stream protocol)
    {
        var context = new Context(protocol);
        Assembly simulator = context.LoadFromAssemblyPath(typeof(Batch).Assembly.Location);
        _firstBroken = simulator.GetType(typeof(Batch).FullName!)!.GetMethod(nameof(Batch.FirstBroken))!;
    }

    /// <summary>The first of some seeds that breaks a rule, and how; null: none does.</summary>
    public string? FirstBroken(ulong first, int runs, TargetKind? target = null) =>
        (string?)_firstBroken.Invoke(null, [first, runs, target?.ToString()]);

    sealed class Context : AssemblyLoadContext
    {
        readonly Assembly _protocol;

        public Context(Stream protocol) : base(isCollectible: true) => _protocol = LoadFromStream(protocol);

        protected override Assembly? Load(AssemblyName name) =>
            name.Name == "Cdc.Protocol" ? _protocol : null;
    }
}
