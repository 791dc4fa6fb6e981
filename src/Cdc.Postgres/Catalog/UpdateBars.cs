using Cdc.Engine.Schemas;

namespace Cdc.Postgres.Catalog;

/// <summary>Why a table's updates and deletes can't be published without breaking the application's own.</summary>
internal enum UpdateBar
{
    /// <summary>They can be published.</summary>
    None,
    NoKey,
    DeferrableKey,
    IdentityNothing,
    IdentityIndexGone,
}

/// <summary>The one rule for who can be published with updates.</summary>
internal static class UpdateBars
{
    /// <param name="hasKey">There is an index of the kind that the identity names.</param>
    public static UpdateBar Of(ReplicaIdentity identity, bool hasKey, bool isImmediate) => identity switch
    {
        ReplicaIdentity.Full => UpdateBar.None,
        ReplicaIdentity.Nothing => UpdateBar.IdentityNothing,
        ReplicaIdentity.Index when !hasKey => UpdateBar.IdentityIndexGone,
        ReplicaIdentity.Default when !hasKey => UpdateBar.NoKey,
        ReplicaIdentity.Default or ReplicaIdentity.Index =>
            isImmediate ? UpdateBar.None : UpdateBar.DeferrableKey,
    };

    public static bool IsInIdentity(ReplicaIdentity identity, UpdateBar bar, bool isInKey) => identity switch
    {
        ReplicaIdentity.Full => true,
        ReplicaIdentity.Nothing => false,
        ReplicaIdentity.Default or ReplicaIdentity.Index => bar == UpdateBar.None && isInKey,
    };
}
