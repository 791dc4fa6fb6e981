using Cdc.Protocol;
using Cdc.Protocol.Driving;
using Cdc.Protocol.Messages;
using Cdc.Protocol.Sessions;
using Cdc.Simulator.Cluster;

namespace Cdc.Simulator.Checks;

/// <summary>Counts the hard cases of event delivery.</summary>
public sealed class SessionCases(ReachedStates reached)
{
    readonly Dictionary<(RoleHost, NodeId), long> _granted = [];
    Input _input = Tick.Now;

    public void Before(RoleHost host, Input input)
    {
        _input = input;
        if (host.Role is EventService && input is Received { Message: Credit credit } received)
            _granted[(host, received.From.Node)] = credit.GrantedBytes;
    }

    public void After(RoleHost host, Effect effect)
    {
        if (effect is not Send send) return;
        if (send.Message is SessionsUnknown && host.Node.JumpedAt is not null)
            reached.Reached(HardCase.ForgottenByJump);
        if (send.Message is Reset && _input is Received { Message: StreamBatch batch })
        {
            bool isNamed = batch.Items.All(static i => i is StreamItem.Resolved or StreamItem.Positions);
            reached.Reached(isNamed ? HardCase.LostLastItem : HardCase.Gap);
        }

        if (send.Message is StreamBatch sent && _granted.GetValueOrDefault((host, send.To.Node)) is > 0 and var granted
            && sent.SentBytes > granted)
            reached.Reached(HardCase.CreditExhausted);
    }
}
