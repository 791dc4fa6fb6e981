using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;

namespace Cdc.Simulator.Cluster;

/// <summary>Finds who a message is for, as a host would.</summary>
public sealed class Router(World world, Rng rng)
{
    public void Send(RoleHost from, Party sender, Send send)
    {
        bool isSent = false;
        if (Find(send.To, send.Message) is { } to)
        {
            isSent = world.Network.Send(from.Node, to.Node, send.Message, message =>
            {
                if (world.Trace.KeepsLines) world.Say($"{sender} -> {to}: {Describe(message)}");
                to.Take(new Received(sender, message));
            });
        }

        if (send.Token is not { } token) return;
        if (!isSent && rng.Chance(0.3)) return; // No answer at all.
        world.Agenda.In(TimeSpan.FromTicks(rng.Between(1000, 30000)), () => from.Node.Run(() =>
            from.Take(new SendEnded(token, isSent))));
    }

    RoleHost? Find(Party to, Message message) => to.Role switch
    {
        Role.Maintainer when message is Superseded superseded => world.Activations.Speaker(to.Node, superseded.Epoch),
        // What others say to it is said again until the directory has made a new one; who seeks a maintainer asks
        // where nobody else has a reason to.
        Role.Changefeed when message is MaintainerSought => world.Activations.Woken(),
        Role.Changefeed => world.Activations.Changefeed,
        Role.Maintainer => world.Activations.Maintainer(to.Node, rng),
        Role.Manager => world.MachineOf(to.Node)?.Manager,
        Role.Collector => world.MachineOf(to.Node)?.Collector,
        Role.EventService => world.Service.On(to.Node),
        _ => null,
    };

    public static string Describe(Message message) => message switch
    {
        BlockStatusRequest request => $"BlockStatusRequest {request.Epoch} {request.Mode} "
            + string.Join("; ", request.Statuses.Select(static s => $"{s.Dispatcher} {s.Owner} {s.Event} {s.Stage} {s.Action}")),
        BlockInstructions items => $"BlockInstructions {items.Epoch} {items.Mode} "
            + string.Join("; ", items.Items.Select(static i => $"{i.Kind} {i.Event} {Describe(i.To)}")),
        ScheduleRequest request => $"ScheduleRequest {request.Epoch} {request.Mode} "
            + string.Join("; ", request.Items.Select(static i => $"{i.Action} {i.Operation} {i.Id} {i.Owner} {i.Span} at {i.Start}")),
        Heartbeat heartbeat => $"Heartbeat {heartbeat.Epoch} {heartbeat.Mode} {heartbeat.Watermark.Sequence} {heartbeat.Watermark.Checkpoint} "
            + string.Join("; ", heartbeat.Statuses.Select(static s => $"{s.Id} {s.Owner} {s.State} {s.Checkpoint} {s.Held}")),
        BootstrapResponse response => $"BootstrapResponse {response.Epoch} {response.Refusal} "
            + string.Join("; ", response.Spans.Select(static s => $"{s.Id} {s.Owner} {s.Span} {s.State} {s.Checkpoint} {s.Block}")),
        StreamBatch batch => $"StreamBatch {batch.Stream} {batch.First}: {string.Join("; ", batch.Items)}",
        _ => message.ToString(),
    };

    static string Describe(Addressees to) => to switch
    {
        Addressees.Some some => string.Join(",", some.Ids),
        Addressees.OfSchema schema => schema.Schema,
        _ => "all",
    };
}
