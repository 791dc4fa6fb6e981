using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Cdc.Cli.Flags;
using Cdc.Cli.Output;
using Cdc.Cli.Parts;
using Cdc.Engine.Failures;
using Cdc.Engine.Options;
using Cdc.Engine.State;
using Cdc.Postgres.Setup;
using Cdc.Postgres.Target;

namespace Cdc.Cli.Commands;

/// <summary>Removes what changefeeds made in a source, what they recorded in a target, and their state. Needs no state
/// to do it; twice is harmless.</summary>
static class DropCommand
{
    public static async Task<int> RunAsync(Invocation call)
    {
        Address from = call.Outcome.From!;
        call.Failures.Where = $"source {Secrets.Masked(call.Options.From)}";
        if (from.Scheme != Address.Postgres) return await AtTargetOnlyAsync(call, from);
        PostgresAddress address = PostgresAddress.Parse(from.Place);
        IReadOnlyList<string> known = await KnownAsync(address, call.Stop);
        bool all = call.Flags.Has(VerbFlag.All);
        string? name = all ? null : await NameAsync(call, from, known);
        if (!all && name is null) return Say(call, [], [], null);
        bool force = call.Flags.Has(VerbFlag.Force);
        string root = call.Host.PathOf(call.Options.State ?? "cdc-data");
        string[] states = [.. (name is null ? known : [name]).Where(n => Directory.Exists(Path.Combine(root, n)))];
        await using PostgresCleanup cleanup = new(address, call.Host.Time);
        TargetCleanup? target = Target(call);
        // Looked at first: a target that is away must not leave half of it done.
        ImmutableArray<string> records =
            target is null ? [] : await target.PlanAsync(name is null ? known : [name], call.Stop);
        if (call.Flags.DryRun)
        {
            CleanupPlan would = await cleanup.PlanAsync(name, call.Stop);
            return SayPlan(call, would, [.. would.Statements, .. AtTarget(records)], Paths(root, states), name);
        }
        // A run that still goes on holds its state; nothing may be taken from under it unasked.
        if (!force) foreach (string state in states) await Connectors.State(root, state).DisposeAsync();
        CleanupPlan plan = await cleanup.RunAsync(name, force, call.Stop);
        if (target is not null) await target.RunAsync(records, call.Stop);
        foreach (string state in states) await ForgetAsync(root, state);
        return Say(call, [.. plan.Statements, .. AtTarget(records)], Paths(root, states), name);
    }

    // A source in which nothing is made: what is left is a target's record, and the state.
    static async Task<int> AtTargetOnlyAsync(Invocation call, Address from)
    {
        TargetCleanup? target = Target(call);
        string? name = call.Options.Name is null && call.Outcome.To is null ? null : await NameAsync(call, from, []);
        if (name is null) return Say(call, [], [], null);
        string root = call.Host.PathOf(call.Options.State ?? "cdc-data");
        string[] states = Directory.Exists(Path.Combine(root, name)) ? [name] : [];
        ImmutableArray<string> records = target is null ? [] : await target.PlanAsync([name], call.Stop);
        if (!call.Flags.DryRun)
        {
            foreach (string state in states) await Connectors.State(root, state).DisposeAsync();
            if (target is not null) await target.RunAsync(records, call.Stop);
            foreach (string state in states) await ForgetAsync(root, state);
        }
        return Say(call, [.. AtTarget(records)], Paths(root, states), name);
    }

    static TargetCleanup? Target(Invocation call) => call.Outcome.To is { Scheme: Address.Postgres } to
        ? new(PostgresAddress.Parse(to.Place), call.Host.Time)
        : null;

    static IEnumerable<string> AtTarget(ImmutableArray<string> records) =>
        records.Select(static statement => $"{statement} -- in the target");

    /// <summary>Changefeeds that left something in the database.</summary>
    static async Task<IReadOnlyList<string>> KnownAsync(PostgresAddress address, CancellationToken cancellationToken)
    {
        DoctorFacts facts = await PostgresDoctor.LookAsync(address, cancellationToken);
        HashSet<string> names = [.. facts.Publications
            .Concat(facts.Slots.Where(slot => slot.Database == address.Database && !slot.IsTemporary).Select(slot =>
                slot.Name))
            .Select(ChangefeedName.OfSlot).OfType<string>()];
        const string Second = "_insert";
        names.RemoveWhere(name => name.EndsWith(Second, StringComparison.Ordinal)
            && names.Contains(name[..^Second.Length]));
        return [.. names.Order(StringComparer.Ordinal)];
    }

    static async Task<string?> NameAsync(Invocation call, Address from, IReadOnlyList<string> known)
    {
        if (call.Options.Name is { } given) return given;
        if (call.Outcome.To is { } to) return await OpenChangefeed.NameAsync(new(call), call, from, to);
        if (known.Count > 1)
        {
            throw new CdcException(FailureKind.Usage,
                $"{known.Count} changefeeds have something in this database: {string.Join(", ", known)}.",
                $"Name one with --name or --to, or remove them all: {Verb.Command} drop --all");
        }
        return known.Count == 1 ? known[0] : null;
    }

    static async Task ForgetAsync(string root, string name)
    {
        IStateStore state = Connectors.State(root, name);
        await state.DisposeAsync();
        try
        {
            Directory.Delete(Path.Combine(root, name), recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CdcException(FailureKind.DiskFailed,
                $"The state in {Path.Combine(root, name)} can't be removed; the source is clean.",
                "Delete the directory.", e);
        }
    }

    static string[] Paths(string root, string[] states) => [.. states.Select(state => Path.Combine(root, state))];

    // The statements are said in any case: another role can run them.
    static int SayPlan(
        Invocation call, CleanupPlan plan, IReadOnlyCollection<string> statements, string[] states, string? name)
    {
        Say(call, statements, states, name);
        return plan.Refusal is { } refusal ? throw refusal.ToException() : ExitCodes.Done;
    }

    static int Say(Invocation call, IReadOnlyCollection<string> statements, IReadOnlyCollection<string> states,
        string? name)
    {
        if (call.Flags.Json)
        {
            JsonObject page = new()
            {
                ["changefeed"] = name,
                ["dryRun"] = call.Flags.DryRun,
                ["statements"] = new JsonArray([.. statements.Select(statement => (JsonNode)statement)]),
                ["stateDirectories"] = new JsonArray([.. states.Select(state => (JsonNode)state)]),
            };
            call.Host.Print(page.ToJsonString(JsonText.Page));
            return ExitCodes.Done;
        }
        foreach (string statement in statements) call.Host.Print(statement);
        string went = call.Flags.DryRun ? "would go" : "is gone";
        foreach (string state in states) call.Host.Error.WriteLine($"cdc: state {state} {went}");
        call.Host.Error.WriteLine(statements.Count == 0 && states.Count == 0 ? "cdc: there is nothing to remove."
            : call.Flags.DryRun ? "cdc: nothing was changed." : "cdc: removed.");
        return ExitCodes.Done;
    }
}
