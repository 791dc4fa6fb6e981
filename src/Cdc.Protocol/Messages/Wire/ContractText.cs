using System.Text;

namespace Cdc.Protocol.Messages.Wire;

/// <summary>Describes what is written, from the definitions that write it.</summary>
static class ContractText
{
    public static string Of(params (string Title, byte Version, IShape Root)[] forms)
    {
        StringBuilder text = new();
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        foreach ((string title, byte version, IShape root) in forms)
        {
            text.Append(title).Append(": version ").Append(version).Append(" in 1 byte, then ").Append(root.Name)
                .Append('\n');
            Collect(root, lines, []);
        }
        text.Append("T?: 0, or 1 and T. T[]: varint n, n times T. A | B: the tag in 1 byte, then that record.\n\n");
        foreach ((string name, string line) in lines)
        {
            text.Append(name).Append('\n');
            string separator = line.Contains(" | ", StringComparison.Ordinal) ? " | " : ", ";
            foreach (string part in line.Split(separator, StringSplitOptions.RemoveEmptyEntries))
            {
                text.Append("    ").Append(part).Append('\n');
            }
        }
        return text.ToString();
    }

    static void Collect(IShape shape, SortedDictionary<string, string> lines, HashSet<IShape> seen)
    {
        if (!seen.Add(shape)) return;
        if (shape.Definition is { } line && !lines.TryAdd(shape.Name, line) && lines[shape.Name] != line)
        {
            throw new InvalidOperationException($"Two shapes have the name {shape.Name}.");
        }
        foreach (IShape part in shape.Parts) Collect(part, lines, seen);
    }
}
