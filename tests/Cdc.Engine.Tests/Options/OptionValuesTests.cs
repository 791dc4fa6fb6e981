using Cdc.Engine.Options;
using Cdc.Engine.Sources;
using Cdc.Protocol;

namespace Cdc.Engine.Tests.Options;

public sealed class OptionValuesTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("5s", 5_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("0", 0)]
    public void Lengths_of_time_have_units(string text, long milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), OptionValues.ReadDuration(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 s")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999999d")]
    [InlineData("41d")]
    [InlineData("0.5ms")]
    public void Anything_else_is_no_length_of_time(string text) =>
        Assert.Throws<FormatException>(() => OptionValues.ReadDuration(text));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("64MB", 64_000_000)]
    [InlineData("64MiB", 64 << 20)]
    [InlineData("1.5kb", 1_500)]
    [InlineData("1GiB", 1 << 30)]
    public void Sizes_have_units(string text, long bytes) => Assert.Equal(bytes, OptionValues.ReadSize(text));

    [Theory]
    [InlineData("MB")]
    [InlineData("1XB")]
    [InlineData("-1MB")]
    [InlineData("9999999999TiB")]
    public void Anything_else_is_no_size(string text) =>
        Assert.Throws<FormatException>(() => OptionValues.ReadSize(text));

    [Theory]
    [InlineData("postgres://me:hunter2@h/d", "postgres://me:***@h/d")]
    [InlineData("postgres://me:hunt@er2@h/d", "postgres://me:***@h/d")]
    [InlineData("postgres://me:hunt#er2@h/d", "postgres://me:***@h/d")]
    [InlineData("postgres://me@h/d?password=hunter2&sslmode=require", "postgres://me@h/d?password=***&sslmode=require")]
    [InlineData("postgres://me@h/d?sslpassword=hunter2", "postgres://me@h/d?sslpassword=***")]
    [InlineData("Host=h;Password=hunter2;Database=d", "Host=h;Password=***;Database=d")]
    [InlineData("Host=h;pwd='hun;ter2';Database=d", "Host=h;pwd=***;Database=d")]
    [InlineData("Host=h; SSL Password = hunter2", "Host=h; SSL Password = ***")]
    [InlineData("./out", "./out")]
    [InlineData("https://host:80/path", "https://host:80/path")]
    [InlineData("The password of role me is wrong.", "The password of role me is wrong.")]
    public void Secrets_are_hidden_and_nothing_else(string address, string masked) =>
        Assert.Equal(masked, Secrets.Masked(address));

    [Theory]
    [InlineData("12:00 warn Target: postgres://me:hunter2@h/d is away.", "12:00 warn Target: postgres://me:***@h/d is away.")]
    [InlineData("from postgres://me:hunt?er2@h/d to ./out", "from postgres://me:***@h/d to ./out")]
    [InlineData("from postgres://me:***@h/d to postgres://you:***@i/e", "from postgres://me:***@h/d to postgres://you:***@i/e")]
    [InlineData("from postgres://me:***@h/d to postgres://you:hunter2@i/e", "from postgres://me:***@h/d to postgres://you:***@i/e")]
    [InlineData("opened host=h password=hunter2", "opened host=h password=***")]
    [InlineData("opened (Password='hunter2;';Database=d)", "opened (Password=***;Database=d)")]
    [InlineData("see postgres://h/d?password=hunter2&sslmode=require", "see postgres://h/d?password=***&sslmode=require")]
    public void Secrets_inside_a_sentence_are_hidden_too(string text, string masked) =>
        Assert.Equal(masked, Secrets.Masked(text));

    [Theory]
    [InlineData("--tabels", "--tables")]
    [InlineData("--snapshot-paralel", "--snapshot-parallel")]
    [InlineData("--form", "--from")]
    [InlineData("--xyz", null)]
    public void The_nearest_name_is_the_one_that_was_meant(string text, string? near) =>
        Assert.Equal(near, NearestName.Of(text, OptionCatalog.All.Select(option => option.Flag)));

    [Fact]
    public void The_point_to_stop_at_has_four_forms()
    {
        Assert.IsType<StopPoint.Now>(StopPoint.Parse("now"));
        Assert.IsType<StopPoint.Snapshot>(StopPoint.Parse("snapshot"));
        Assert.Equal(new StopPoint.Position(new(0x16B3748, 2)), StopPoint.Parse("00000000016B3748.0002"));
        Assert.Equal(new StopPoint.Position(new(0x16B3748, 2)), StopPoint.Parse("00000000016B3748.0002.00000003"));
        Assert.Equal(new StopPoint.Time(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero)),
            StopPoint.Parse("2026-01-31T12:00:00"));
        Assert.Throws<FormatException>(() => StopPoint.Parse("12:00"));
    }

    [Fact]
    public void A_default_name_is_valid_and_belongs_to_one_source_and_target()
    {
        SourceIdentity source = new("postgres", "7000000000000000001", "Shop-Ωmega 2");
        string name = ChangefeedName.Default(source, "/out");
        Assert.True(ChangefeedName.IsValid(name), name);
        Assert.Equal(name, ChangefeedName.Default(source with { Timeline = 4 }, "/out"));
        Assert.NotEqual(name, ChangefeedName.Default(source, "/other"));
        Assert.NotEqual(name, ChangefeedName.Default(source with { System = "7000000000000000002" }, "/out"));
        Assert.True(ChangefeedName.IsValid(ChangefeedName.Default(source with { Database = new('9', 63) }, "/out")));
        Assert.Equal(
            ChangefeedName.Default(source, "postgres://me:a@h/d"),
                ChangefeedName.Default(source, "postgres://me:b@h/d"));
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("shop_1a2b3c", true)]
    [InlineData("", false)]
    [InlineData("1a", false)]
    [InlineData("Shop", false)]
    [InlineData("a-b", false)]
    [InlineData("a234567890123456789012345678901234567890", true)]
    [InlineData("a2345678901234567890123456789012345678901", false)]
    public void Names_have_a_rule(string name, bool valid) => Assert.Equal(valid, ChangefeedName.IsValid(name));
}
