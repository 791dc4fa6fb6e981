namespace Cdc.Postgres.Target.Ddl;

/// <summary>In what order the statements of one event run, whatever table they are about.</summary>
internal enum DdlPhase
{
    RenameSchemas,
    Types,
    /// <summary>Finds out, before a table is changed, whether a rewrite can be repeated.</summary>
    Prove,
    DropForeignKeys,
    Detach,
    MoveTables,
    DropKeys,
    Columns,
    CreateTables,
    Keys,
    Attach,
    ForeignKeys,
    Identity,
    DropTables,
    DropTypes,
    DropSchemas,
}
