using Cdc.Engine.Storage;

namespace Cdc.Engine.Tests.Storage;

public sealed class PrivateScratchTests : IDisposable
{
    readonly TestDirectory _parent = new();

    public void Dispose() => _parent.Dispose();

    [Fact]
    public void What_a_dead_process_left_is_removed_and_nothing_else()
    {
        using PrivateScratch? live = PrivateScratch.TryCreate(_parent["spill-live"]);
        File.WriteAllText(_parent["spill-live/1.segment"], "rows");
        Leave("spill-dead", "lock", "1.segment", "2.segment");
        Leave("spill-starting");
        Leave("spill-foreign", "lock", "thesis.txt");
        Leave("other-dead", "lock");

        PrivateScratch.RemoveDead(_parent.Path, "spill-*");

        Assert.False(Directory.Exists(_parent["spill-dead"]));
        Assert.True(File.Exists(_parent["spill-live/1.segment"]));
        Assert.True(Directory.Exists(_parent["spill-starting"]));
        Assert.True(File.Exists(_parent["spill-foreign/thesis.txt"]));
        Assert.True(Directory.Exists(_parent["other-dead"]));
    }

    [Fact]
    public void Nothing_is_removed_through_a_link()
    {
        Leave("elsewhere", "lock", "1.segment");
        Directory.CreateSymbolicLink(_parent["spill-link"], _parent["elsewhere"]);
        PrivateScratch.RemoveDead(_parent.Path, "spill-*");
        Assert.True(File.Exists(_parent["elsewhere/1.segment"]));
    }

    [Fact]
    public void The_end_of_its_process_removes_it()
    {
        PrivateScratch? scratch = PrivateScratch.TryCreate(_parent["spill-mine"]);
        Assert.NotNull(scratch);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            TestDirectory.Mode(_parent["spill-mine"]));
        File.WriteAllText(_parent["spill-mine/1.segment"], "rows");
        scratch.Dispose();
        Assert.False(Directory.Exists(_parent["spill-mine"]));
    }

    [Fact]
    public void Where_there_is_nothing_to_look_at_nothing_happens() =>
        PrivateScratch.RemoveDead(_parent["nowhere"], "spill-*");

    [Fact]
    public void Where_no_directory_can_be_made_there_is_none()
    {
        File.WriteAllText(_parent["file"], "");
        Assert.Null(PrivateScratch.TryCreate(_parent["file/spill"]));
    }

    void Leave(string name, params string[] files)
    {
        Directory.CreateDirectory(_parent[name]);
        foreach (string file in files) File.WriteAllText(_parent[$"{name}/{file}"], "");
    }
}
