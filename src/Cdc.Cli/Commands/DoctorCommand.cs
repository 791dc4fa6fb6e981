namespace Cdc.Cli.Commands;

static class DoctorCommand
{
    public static Task<int> RunAsync(Invocation call) => throw new NotSupportedException(call.Verb);
}
