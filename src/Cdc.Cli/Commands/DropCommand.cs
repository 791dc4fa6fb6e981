namespace Cdc.Cli.Commands;

static class DropCommand
{
    public static Task<int> RunAsync(Invocation call) => throw new NotSupportedException(call.Verb);
}
