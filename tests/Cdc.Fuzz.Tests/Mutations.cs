namespace Cdc.Fuzz.Tests;

/// <summary>Makes bad input of good input: bytes changed, cut, put in, repeated, extremes where a length may be.</summary>
sealed class Mutations(int seed)
{
    const int LengthMax = 1 << 16;

    static readonly byte[][] Extremes =
        [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0x3F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0]];

    // What parsers of text look for.
    static readonly byte[] Signs = [.. "{}[]()\"'\\/:;,.?=&%@#*-+ \t\n\0\u007f"u8];

    readonly Random _random = new(seed);

    public byte[] Next(byte[][] samples)
    {
        if (_random.Next(40) == 0) return Noise();
        List<byte> bytes = [.. samples[_random.Next(samples.Length)]];
        for (int changes = _random.Next(1, 6); changes > 0; changes--) Change(bytes, samples);
        return bytes.Count <= LengthMax ? [.. bytes] : [.. bytes.Take(LengthMax)];
    }

    byte[] Noise()
    {
        byte[] bytes = new byte[_random.Next(200)];
        _random.NextBytes(bytes);
        return bytes;
    }

    void Change(List<byte> bytes, byte[][] samples)
    {
        int at = _random.Next(bytes.Count + 1);
        int length = Math.Min(_random.Next(1, 24), bytes.Count - at);
        switch (_random.Next(9))
        {
            case 0 when at < bytes.Count: bytes[at] = (byte)_random.Next(256); break;
            case 1 when at < bytes.Count: bytes[at] ^= (byte)(1 << _random.Next(8)); break;
            case 2: bytes.RemoveRange(at, length); break;
            case 3: bytes.RemoveRange(at, bytes.Count - at); break;
            case 4: bytes.Insert(at, Signs[_random.Next(Signs.Length)]); break;
            case 5: bytes.InsertRange(at, Enumerable.Repeat(Signs[_random.Next(Signs.Length)], _random.Next(1, 3000))); break;
            case 6: bytes.InsertRange(at, [.. bytes.Skip(at).Take(length)]); break;
            case 7: bytes.InsertRange(at, samples[_random.Next(samples.Length)].Take(64)); break;
            case 8:
                byte[] extreme = Extremes[_random.Next(Extremes.Length)];
                for (int i = 0; i < extreme.Length && at + i < bytes.Count; i++) bytes[at + i] = extreme[i];
                break;
        }
    }
}
