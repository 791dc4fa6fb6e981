using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;
using Cdc.Protocol.Driving;

namespace Cdc.Protocol.Tests;

/// <summary>The protocol computes and does nothing else: what the analyzer bans in the source is not in the assembly
/// either, whatever a pragma says.</summary>
public sealed class PurityTests
{
    static readonly string[] Assemblies =
    [
        "System.Collections", "System.Collections.Immutable", "System.Linq", "System.Memory", "System.Runtime",
        "System.Runtime.InteropServices", "System.Text.Encoding.Extensions",
    ];

    static readonly string[] BannedNamespaces =
    [
        "System.IO", "System.Net", "System.Threading", "System.Timers", "System.Security", "System.Collections.Concurrent",
        "System.Collections.Frozen", "System.Diagnostics.Tracing", "Microsoft.",
    ];

    static readonly string[] BannedTypes =
    [
        "System.Random", "System.TimeProvider", "System.DateTime", "System.DateTimeOffset", "System.Console", "System.GC",
        "System.HashCode", "System.TimeZoneInfo", "System.Diagnostics.Stopwatch", "System.Linq.ParallelEnumerable",
        "System.Collections.Immutable.ImmutableDictionary", "System.Collections.Immutable.ImmutableHashSet",
    ];

    [Fact]
    public void It_references_no_assembly_beyond_the_core_ones() =>
        Assert.Empty(typeof(IRole).Assembly.GetReferencedAssemblies().Select(static a => a.Name).Except(Assemblies));

    [Fact]
    public void It_names_no_type_that_waits_measures_time_draws_lots_or_reaches_out()
    {
        string[] named = [.. Named(static (reader, type) => $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}")];
        Assert.Contains("System.TimeSpan", named);
        Assert.DoesNotContain(named, static type => BannedNamespaces.Any(b => type.StartsWith(b, StringComparison.Ordinal)));
        Assert.DoesNotContain(named, static type => BannedTypes.Contains(type.Split('`')[0]));
    }

    /// <summary>Iterators of the compiler ask which thread they are on; nothing else of the machine is asked.</summary>
    [Fact]
    public void It_asks_nothing_of_the_machine() =>
        Assert.Empty(Members("System", "Environment").Except(["get_CurrentManagedThreadId"]));

    [Fact]
    public void It_makes_no_ids_of_its_own() =>
        Assert.Empty(Members("System", "Guid").Intersect(["NewGuid", "CreateVersion7"]));

    [Fact]
    public void Nothing_static_changes() =>
        Assert.Empty(typeof(IRole).Assembly.GetTypes()
            .Where(static type => type.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(static one => !one.IsInitOnly && !one.IsLiteral && one.GetCustomAttribute<CompilerGeneratedAttribute>() is null)
            .Select(static one => $"{one.DeclaringType}.{one.Name}"));

    static IEnumerable<T> Named<T>(Func<MetadataReader, TypeReference, T> what)
    {
        using PEReader file = new(File.OpenRead(typeof(IRole).Assembly.Location));
        MetadataReader reader = file.GetMetadataReader();
        foreach (TypeReferenceHandle handle in reader.TypeReferences) yield return what(reader, reader.GetTypeReference(handle));
    }

    static List<string> Members(string inNamespace, string ofType)
    {
        using PEReader file = new(File.OpenRead(typeof(IRole).Assembly.Location));
        MetadataReader reader = file.GetMetadataReader();
        List<string> members = [];
        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference) continue;
            TypeReference type = reader.GetTypeReference((TypeReferenceHandle)member.Parent);
            if (reader.GetString(type.Name) == ofType && reader.GetString(type.Namespace) == inNamespace)
            {
                members.Add(reader.GetString(member.Name));
            }
        }
        return members;
    }
}
