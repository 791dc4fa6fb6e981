namespace Cdc.Simulator.Checks;

static class Rules
{
    /// <exception cref="ViolationException">The rule is broken.</exception>
    public static void Ensure(bool holds, string rule, object who, string what, object? effect = null)
    {
        if (!holds) throw new ViolationException(rule, $"{who} {what} ({effect})");
    }
}
