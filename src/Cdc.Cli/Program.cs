namespace Cdc.Cli;

static class Program
{
    static async Task<int> Main(string[] args)
    {
        using CliHost host = CliHost.OfProcess();
        return await CommandLineApp.RunAsync(args, host);
    }
}
