namespace Cdc.Conformance.Tests.Target.Ddl;

/// <summary>Each form of a statement: what stands before, then the statements, which are followed one by one.</summary>
internal static class DdlCases
{
    const string T = "CREATE TABLE t (id int PRIMARY KEY, a int, b text); "
        + "INSERT INTO t SELECT g, g * 10, 'b' || g FROM generate_series(1, 5) g; ";

    public static readonly IReadOnlyDictionary<string, (string Before, string[] Statements)> All =
        new Dictionary<string, (string, string[])>
        {
            ["create table"] = ("", ["CREATE TABLE t (id bigint PRIMARY KEY, a numeric(10,2) NOT NULL DEFAULT 1.5, "
                + "b varchar(5) COLLATE \"C\", c text[] DEFAULT '{x}', UNIQUE (a), CHECK (a > 0))"]),
            ["create table with serial and identity"] = ("", ["CREATE TABLE t (id serial PRIMARY KEY, "
                + "a int GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3), b int GENERATED ALWAYS AS (id * 2) STORED)"]),
            ["create table in a new schema"] = ("", ["CREATE SCHEMA other", "CREATE TABLE other.t (id int PRIMARY KEY)"]),
            ["create table with types"] = ("CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN pos AS int CHECK (VALUE > 0); "
                + "CREATE TYPE pair AS (x int, y mood); CREATE TYPE span AS RANGE (subtype = int8); ",
                ["CREATE TABLE t (id pos PRIMARY KEY, m mood DEFAULT 'a', p pair[], s span, d pos DEFAULT 3)"]),
            ["create table as"] = (T, ["CREATE TABLE u AS SELECT id, b FROM t WHERE false"]),
            ["create table with quoted names"] = ("",
                ["CREATE TABLE \"My \"\"T\" (\"Id\" int PRIMARY KEY, \"sel ect\" text CHECK (\"sel ect\" <> 'x''y'))"]),
            ["drop table"] = (T + "CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t)", ["DROP TABLE u", "DROP TABLE t"]),
            ["drop table cascade"] = (T + "CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t)", ["DROP TABLE t CASCADE"]),
            ["drop two tables that refer to each other"] = ("CREATE TABLE a (id int PRIMARY KEY, b int); "
                + "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b",
                ["DROP TABLE a, b"]),
            ["drop partitioned table"] = ("CREATE TABLE p (id int) PARTITION BY RANGE (id); "
                + "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)", ["DROP TABLE p"]),
            ["rename table"] = (T + "CREATE INDEX t_a ON t (a)",
                ["ALTER TABLE t RENAME TO u", "ALTER TABLE u ADD c int"]),
            ["set schema"] = (T + "CREATE SCHEMA s; ALTER TABLE t ADD s serial; CREATE INDEX ti ON t (a)",
                ["ALTER TABLE t SET SCHEMA s", "ALTER TABLE s.t RENAME a TO x"]),
            ["add column"] = (T, ["ALTER TABLE t ADD c int", "ALTER TABLE t ADD d text COLLATE \"C\""]),
            ["add column with default"] = (T, ["ALTER TABLE t ADD c int NOT NULL DEFAULT 7",
                "ALTER TABLE t ADD d text[] DEFAULT '{a,\"b \\\\c\"}'", "ALTER TABLE t ADD e text DEFAULT 'it''s'"]),
            ["add column with the time"] = (T, ["ALTER TABLE t ADD c timestamptz NOT NULL DEFAULT now()"]),
            ["add column, default dropped at once"] = (T,
                ["ALTER TABLE t ADD c int DEFAULT 7", "ALTER TABLE t ALTER c DROP DEFAULT, ADD d int"]),
            ["add generated column"] = (T, ["ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) STORED",
                "ALTER TABLE t RENAME a TO aa", "ALTER TABLE t ALTER c DROP EXPRESSION"]),
            ["add column of a domain"] = (T + "CREATE DOMAIN pos AS int DEFAULT 5 CHECK (VALUE > 0)",
                ["ALTER TABLE t ADD c pos", "ALTER TABLE t ADD d pos DEFAULT 8"]),
            ["add column of a new type"] = (T, ["CREATE TYPE mood AS ENUM ('x', 'y')", "ALTER TABLE t ADD c mood DEFAULT 'y'"]),
            ["add serial to an empty table"] = ("CREATE TABLE t (a int)",
                ["ALTER TABLE t ADD id serial PRIMARY KEY", "ALTER TABLE t ADD n int GENERATED ALWAYS AS IDENTITY"]),
            ["drop column"] = (T + "CREATE INDEX t_ab ON t (a, b)", ["ALTER TABLE t DROP a", "ALTER TABLE t ADD a text"]),
            ["drop key column"] = (T, ["ALTER TABLE t DROP id"]),
            ["drop column referred to"] = (T + "CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t)",
                ["ALTER TABLE t DROP id CASCADE"]),
            ["rename column"] = (T + "CREATE INDEX t_a ON t ((a + 1)) WHERE a > 3; ALTER TABLE t ADD CHECK (a > 0)",
                ["ALTER TABLE t RENAME a TO c", "ALTER TABLE t RENAME COLUMN c TO \"A b\"", "ALTER TABLE t RENAME id TO a"]),
            ["drop and rename onto it"] = (T, ["ALTER TABLE t DROP a", "ALTER TABLE t RENAME b TO a"]),
            ["type without rewrite"] = ("CREATE TABLE t (id int PRIMARY KEY, a varchar(5), n numeric(5,2)); "
                + "INSERT INTO t VALUES (1, 'x', 1.25)",
                ["ALTER TABLE t ALTER a TYPE text", "ALTER TABLE t ALTER n TYPE numeric(9,2)"]),
            ["type with rewrite"] = (T + "CREATE INDEX t_a ON t (a); ALTER TABLE t ADD CHECK (a > 0), ALTER a SET DEFAULT 3",
                ["ALTER TABLE t ALTER a TYPE bigint", "ALTER TABLE t ALTER COLUMN a SET DATA TYPE numeric(12,1)"]),
            ["type with using"] = (T, ["ALTER TABLE t ALTER b TYPE int USING substr(b, 2)::int",
                "ALTER TABLE t ALTER a TYPE text USING (a || ', ' || b), ALTER b TYPE text USING a::text || b"]),
            ["type from enum to text and back"] = ("CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a', 'B b'); "
                + "CREATE TABLE t (id int PRIMARY KEY, \"M\" s.mood, n s.mood); INSERT INTO t VALUES (1, 'a', 'B b'), (2, NULL, 'a')",
                ["ALTER TABLE t ALTER \"M\" TYPE text", "ALTER TABLE t ALTER n TYPE varchar(9) USING n::text",
                "ALTER TABLE t ALTER \"M\" TYPE s.mood USING \"M\"::s.mood, ALTER n TYPE s.mood USING n::s.mood"]),
            ["same type with using"] = (T, ["ALTER TABLE t ALTER a TYPE int USING a + 1"]),
            ["type of a key"] = (T + "CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t)",
                ["ALTER TABLE t ALTER id TYPE bigint"]),
            ["type of an empty table"] = ("CREATE TABLE t (id int PRIMARY KEY, a text)",
                ["ALTER TABLE t ALTER a TYPE int USING length(a)"]),
            ["collation"] = (T, ["ALTER TABLE t ALTER b TYPE text COLLATE \"C\""]),
            ["type and drop in one statement"] = (T,
                ["ALTER TABLE t ALTER a TYPE text USING a || b, DROP b, ADD c int DEFAULT 4"]),
            ["not null"] = (T, ["ALTER TABLE t ALTER a SET NOT NULL", "ALTER TABLE t ALTER a DROP NOT NULL"]),
            ["default"] = (T, ["ALTER TABLE t ALTER a SET DEFAULT 3", "ALTER TABLE t ALTER a SET DEFAULT random() * 3",
                "ALTER TABLE t ALTER a DROP DEFAULT"]),
            ["identity"] = (T, ["ALTER TABLE t ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START 9)",
                "ALTER TABLE t ALTER id SET GENERATED ALWAYS", "ALTER TABLE t ALTER id SET INCREMENT BY 5 SET MAXVALUE 999",
                "ALTER TABLE t ALTER id TYPE bigint", "ALTER TABLE t ALTER id DROP IDENTITY"]),
            ["constraints"] = (T, ["ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
                "ALTER TABLE t VALIDATE CONSTRAINT c", "ALTER TABLE t RENAME CONSTRAINT c TO d", "ALTER TABLE t DROP CONSTRAINT d",
                "ALTER TABLE t ADD UNIQUE (b)", "ALTER TABLE t RENAME CONSTRAINT t_b_key TO k", "ALTER TABLE t DROP CONSTRAINT k",
                "ALTER TABLE t ADD EXCLUDE USING btree (a WITH =)"]),
            ["primary key"] = (T, ["ALTER TABLE t DROP CONSTRAINT t_pkey", "ALTER TABLE t ADD PRIMARY KEY (a, id)",
                "ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT k PRIMARY KEY (id) DEFERRABLE"]),
            ["key from an index"] = (T + "CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ALTER a SET NOT NULL",
                ["ALTER TABLE t DROP CONSTRAINT t_pkey, ADD CONSTRAINT k PRIMARY KEY USING INDEX i"]),
            ["foreign keys"] = (T + "CREATE TABLE u (id int PRIMARY KEY, t int)",
                ["ALTER TABLE u ADD CONSTRAINT f FOREIGN KEY (t) REFERENCES t ON DELETE CASCADE",
                "ALTER TABLE u RENAME CONSTRAINT f TO g", "ALTER TABLE u ALTER CONSTRAINT g DEFERRABLE",
                "ALTER TABLE t RENAME TO tt", "ALTER TABLE tt RENAME id TO key", "ALTER TABLE u ADD x int",
                "ALTER TABLE u DROP CONSTRAINT g"]),
            ["indexes"] = (T, ["CREATE INDEX i ON t (a DESC, lower(b)) INCLUDE (id) WHERE a > 2",
                "CREATE UNIQUE INDEX CONCURRENTLY j ON t (b COLLATE \"C\")", "ALTER INDEX i RENAME TO k", "DROP INDEX k",
                "CREATE INDEX h ON t USING hash (b)", "DROP INDEX CONCURRENTLY j"]),
            ["replica identity"] = (T + "ALTER TABLE t ALTER a SET NOT NULL; CREATE UNIQUE INDEX i ON t (a)",
                ["ALTER TABLE t REPLICA IDENTITY FULL", "ALTER TABLE t REPLICA IDENTITY USING INDEX i",
                "ALTER INDEX i RENAME TO j", "ALTER TABLE t REPLICA IDENTITY NOTHING", "ALTER TABLE t REPLICA IDENTITY DEFAULT"]),
            ["enum"] = ("CREATE TYPE mood AS ENUM ('b', 'd'); CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'b', "
                + "CHECK (m <> 'd')); INSERT INTO t VALUES (1, 'b')",
                ["ALTER TYPE mood ADD VALUE 'e'", "ALTER TYPE mood ADD VALUE 'a' BEFORE 'b'", "ALTER TYPE mood ADD VALUE 'c' AFTER 'b'",
                "ALTER TYPE mood RENAME VALUE 'b' TO 'B''s'", "ALTER TYPE mood RENAME TO feeling", "CREATE SCHEMA s",
                "ALTER TYPE feeling SET SCHEMA s"]),
            ["composite"] = ("CREATE TYPE pair AS (x int, y text); CREATE TABLE t (id int PRIMARY KEY, p pair); "
                + "INSERT INTO t VALUES (1, '(1,a)')",
                ["ALTER TYPE pair ADD ATTRIBUTE z date", "ALTER TYPE pair RENAME ATTRIBUTE x TO w",
                "ALTER TYPE pair DROP ATTRIBUTE y", "ALTER TYPE pair ADD ATTRIBUTE x text", "ALTER TYPE pair RENAME TO couple"]),
            ["table of a type"] = ("CREATE TYPE pair AS (x int, y text); CREATE TABLE t OF pair (PRIMARY KEY (x)); "
                + "CREATE TABLE u (id int PRIMARY KEY); INSERT INTO t VALUES (1, 'a')",
                ["ALTER TYPE pair ADD ATTRIBUTE z int CASCADE", "ALTER TYPE pair RENAME ATTRIBUTE y TO w CASCADE",
                "ALTER TYPE pair ALTER ATTRIBUTE x TYPE bigint CASCADE", "ALTER TABLE u ADD p pair",
                "ALTER TYPE pair ADD ATTRIBUTE v date CASCADE", "ALTER TYPE pair DROP ATTRIBUTE z CASCADE",
                "ALTER TYPE pair RENAME TO couple"]),
            ["domain"] = ("CREATE DOMAIN d AS text; CREATE TABLE t (id int PRIMARY KEY, a d); INSERT INTO t VALUES (1, 'x')",
                ["ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE <> '')", "ALTER DOMAIN d SET DEFAULT 'z'", "ALTER DOMAIN d SET NOT NULL",
                "ALTER DOMAIN d RENAME CONSTRAINT c TO e", "ALTER DOMAIN d DROP NOT NULL", "ALTER DOMAIN d DROP DEFAULT",
                "ALTER DOMAIN d ADD CONSTRAINT n CHECK (VALUE <> 'n') NOT VALID", "ALTER DOMAIN d VALIDATE CONSTRAINT n",
                "ALTER DOMAIN d DROP CONSTRAINT e", "ALTER DOMAIN d RENAME TO f"]),
            ["drop type"] = ("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, m mood)",
                ["DROP TYPE mood CASCADE"]),
            ["rename schema"] = ("CREATE SCHEMA s; CREATE TYPE s.mood AS ENUM ('a'); "
                + "CREATE TABLE s.t (id serial PRIMARY KEY, m s.mood DEFAULT 'a', CHECK (m <> 'a'::s.mood)); CREATE INDEX ti ON s.t (m); "
                + "CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES s.t)",
                ["ALTER SCHEMA s RENAME TO r", "ALTER TABLE r.t ADD x int", "ALTER TABLE u ADD x int"]),
            ["rename schema of a sequence in a text"] = ("CREATE SCHEMA s; CREATE TABLE s.t (id serial PRIMARY KEY, "
                + "a text DEFAULT 'T' || nextval('s.t_id_seq'), b text DEFAULT 's.t' || nextval('s.t_id_seq')::text); "
                + "CREATE SEQUENCE s.\"Q q\" OWNED BY s.t.a; ALTER TABLE s.t ALTER b SET DEFAULT nextval('s.\"Q q\"') || 's.t'",
                ["ALTER SCHEMA s RENAME TO \"R r\"", "ALTER TABLE \"R r\".t ADD x text DEFAULT 'y'",
                "ALTER SCHEMA \"R r\" RENAME TO z", "ALTER SEQUENCE z.t_id_seq RENAME TO n", "ALTER TABLE z.t RENAME TO u"]),
            ["drop schema"] = ("CREATE SCHEMA s; CREATE TABLE s.t (id serial PRIMARY KEY)", ["DROP SCHEMA s CASCADE"]),
            ["sequences"] = (T + "CREATE SEQUENCE s OWNED BY t.a",
                ["ALTER TABLE t ALTER a SET DEFAULT nextval('s')", "ALTER SEQUENCE s INCREMENT 7 MAXVALUE 700 CYCLE CACHE 3",
                "ALTER SEQUENCE s RENAME TO z", "ALTER SEQUENCE z AS smallint", "ALTER SEQUENCE z MINVALUE -5 START -1 RESTART",
                "ALTER SEQUENCE z OWNED BY t.id", "ALTER SEQUENCE z OWNED BY NONE"]),
            ["drop sequence"] = (T + "CREATE SEQUENCE s OWNED BY t.a", ["DROP SEQUENCE s"]),
        };
}
