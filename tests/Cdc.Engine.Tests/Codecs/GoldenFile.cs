using System.Runtime.CompilerServices;
using System.Text;

namespace Cdc.Engine.Tests.Codecs;

/// <summary>Compares bytes with a file kept beside the tests. <c>CDC_WRITE_GOLDEN=1</c> writes it instead.</summary>
static class GoldenFile
{
    public static void Verify(string name, byte[] actual, [CallerFilePath] string caller = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(caller)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("CDC_WRITE_GOLDEN") == "1") File.WriteAllBytes(path, actual);
        string[] expected = Encoding.UTF8.GetString(File.ReadAllBytes(path)).Split('\n');
        // By line first: a byte array that differs says nothing.
        Assert.Equal(expected, Encoding.UTF8.GetString(actual).Split('\n'));
        Assert.Equal(File.ReadAllBytes(path), actual);
    }
}
