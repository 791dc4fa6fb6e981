namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>As <see cref="DdlCases"/>, of tables tied to each other.</summary>
internal static class PartitionCases
{
    const string P = "CREATE TABLE p (id int, day date NOT NULL, a text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); "
        + "CREATE TABLE p25 PARTITION OF p FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); "
        + "CREATE TABLE p26 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2027-01-01'); CREATE INDEX p_a ON p (a); "
        + "INSERT INTO p VALUES (1, '2025-05-05', 'x'), (2, '2026-06-06', 'y'); ";

    const string I = "CREATE TABLE up (id int, a text CHECK (a <> '')); CREATE TABLE down (b int) INHERITS (up); "
        + "INSERT INTO up VALUES (1, 'x'); INSERT INTO down VALUES (2, 'y', 3); ";

    public static readonly IReadOnlyDictionary<string, (string Before, string[] Statements)> All =
        new Dictionary<string, (string, string[])>
        {
            ["create partitions"] = ("", ["CREATE TABLE p (id int PRIMARY KEY, a text) PARTITION BY HASH (id)",
                "CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1)"]),
            ["sub-partitions"] = ("CREATE TABLE p (id int, k text) PARTITION BY LIST (k); CREATE INDEX pi ON p (id); "
                + "CREATE TABLE pa PARTITION OF p FOR VALUES IN ('a', 'b') PARTITION BY RANGE (id); "
                + "CREATE TABLE pa1 PARTITION OF pa FOR VALUES FROM (0) TO (10)",
                ["CREATE TABLE pa2 PARTITION OF pa DEFAULT", "CREATE TABLE pd PARTITION OF p DEFAULT",
                "ALTER TABLE p ADD c int DEFAULT 3", "ALTER TABLE p RENAME id TO key", "ALTER TABLE p DETACH PARTITION pa"]),
            ["attach and detach"] = (P, ["ALTER TABLE p DETACH PARTITION p25", "ALTER TABLE p25 ADD c int", "ALTER TABLE p ADD c int",
                "ALTER TABLE p ATTACH PARTITION p25 FOR VALUES FROM ('2024-01-01') TO ('2026-01-01')",
                "CREATE TABLE p27 (LIKE p)", "ALTER TABLE p ATTACH PARTITION p27 DEFAULT", "DROP TABLE p27"]),
            ["columns of a partitioned table"] = (P, ["ALTER TABLE p ADD c int NOT NULL DEFAULT 4",
                "ALTER TABLE p ADD d timestamptz DEFAULT now()", "ALTER TABLE p RENAME a TO b", "ALTER TABLE p ALTER c TYPE bigint",
                "ALTER TABLE p ALTER c TYPE text USING 'c' || c", "ALTER TABLE p ALTER b SET NOT NULL", "ALTER TABLE p ALTER b SET DEFAULT 'q'",
                "ALTER TABLE p ALTER b DROP NOT NULL", "ALTER TABLE p26 ALTER b SET DEFAULT 'r'", "ALTER TABLE p DROP c",
                "ALTER TABLE p ADD s text GENERATED ALWAYS AS (b || '!') STORED"]),
            ["keys of a partitioned table"] = (P, ["CREATE INDEX p_d ON p (day, a)", "ALTER TABLE p ADD CHECK (id > 0)",
                "CREATE UNIQUE INDEX p26_a ON p26 (a)", "DROP INDEX p_d", "ALTER TABLE p DROP CONSTRAINT p_id_check",
                "ALTER TABLE p ADD UNIQUE (day, id)", "ALTER TABLE p DROP CONSTRAINT p_pkey"]),
            ["foreign keys of partitioned tables"] = (P + "CREATE TABLE r (id int PRIMARY KEY); INSERT INTO r VALUES (1), (2); "
                + "CREATE TABLE c (id int, day date, FOREIGN KEY (id, day) REFERENCES p)",
                ["ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES r",
                "CREATE TABLE p27 PARTITION OF p FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
                "ALTER TABLE p DROP CONSTRAINT f", "ALTER TABLE c DROP CONSTRAINT c_id_day_fkey"]),
            // Its name sorts behind those that the server gives the keys to each partition.
            ["foreign key of a partitioned table to itself"] = (P + "ALTER TABLE p ADD up int, ADD up_day date",
                ["ALTER TABLE p ADD CONSTRAINT z FOREIGN KEY (up, up_day) REFERENCES p",
                "CREATE TABLE p27 PARTITION OF p FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
                "ALTER TABLE p RENAME CONSTRAINT z TO y", "ALTER TABLE p DETACH PARTITION p26", "ALTER TABLE p DROP CONSTRAINT y",
                "ALTER TABLE p ADD CONSTRAINT \"N 46\" FOREIGN KEY (up, up_day) REFERENCES p"]),
            ["foreign key to a partitioned table"] = (P + "CREATE TABLE c (id int, day date)",
                ["ALTER TABLE c ADD CONSTRAINT z FOREIGN KEY (id, day) REFERENCES p", "ALTER TABLE p DETACH PARTITION p26",
                "CREATE TABLE p27 PARTITION OF p FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
                "CREATE TABLE d (id int, day date, FOREIGN KEY (id, day) REFERENCES p) PARTITION BY LIST (id)",
                "CREATE TABLE d1 PARTITION OF d DEFAULT", "ALTER TABLE c DROP CONSTRAINT z"]),
            ["inheritance"] = (I, ["ALTER TABLE up ADD c int DEFAULT 5", "ALTER TABLE up RENAME a TO aa",
                "ALTER TABLE up ALTER c TYPE bigint", "ALTER TABLE up DROP c", "ALTER TABLE up DROP CONSTRAINT up_a_check",
                "ALTER TABLE up ADD CONSTRAINT k CHECK (id > 0)", "ALTER TABLE down NO INHERIT up", "ALTER TABLE down INHERIT up",
                "CREATE TABLE third () INHERITS (down)", "ALTER TABLE ONLY up DROP aa"]),
        };
}
