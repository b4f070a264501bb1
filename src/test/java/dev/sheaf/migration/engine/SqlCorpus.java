package dev.sheaf.migration.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/// SQL scripts in the shapes that people and tools write: for `psql`, in tutorials, by `pg_dump`
/// and by the tools of frameworks. Each uses names without a schema.
final class SqlCorpus {

  /// A script.
  ///
  /// @param dumped whether a dump of what it creates is another script
  record Script(String name, String sql, boolean dumped) {}

  private static final List<String> TEXTS =
      List.of(
          "it's",
          "a;b; COMMIT;",
          "-- no comment",
          "/* no comment */",
          "C:\\new\\table",
          "\"double\" 'single'",
          "$$ $1 $tag$",
          "tab\tand\nnew line",
          "ünï©ödé 𝄞 \u2028",
          "${HOME} ${user.name}",
          ":var :'x' :\"y\" ::int",
          "line 1\n--rollback DROP TABLE q;\n-- rollback the purchase\n--changeset core:002\nline 5",
          "\n\\.\n",
          "\\set x y",
          "? ?? ?| ?& %s %%",
          "END;\nEND $$");

  private final List<Script> runs = new ArrayList<>();
  private final List<Script> refused = new ArrayList<>();

  SqlCorpus() {
    strings();
    containers();
    names();
    functions();
    sqlBodies();
    objects();
    copies();
    comments();
    tutorials();
    tools();
    refused();
  }

  /// The scripts that must have the same effect as in `psql`.
  List<Script> runs() {
    return List.copyOf(runs);
  }

  /// The scripts that are no changeset, whatever `psql` does with them.
  List<Script> refusals() {
    return List.copyOf(refused);
  }

  private void add(String name, String sql) {
    runs.add(new Script(name, sql, true));
  }

  private void add(boolean dumped, String name, String sql) {
    runs.add(new Script(name, sql, dumped));
  }

  private void refuse(String name, String sql) {
    refused.add(new Script(name, sql, false));
  }

  private void strings() {
    for (int i = 0; i < TEXTS.size(); i++) {
      String text = TEXTS.get(i);
      for (Quote quote : Quote.values()) {
        String literal = quote.of(text);
        add(
            false,
            "string " + i + " " + quote.name().toLowerCase(Locale.ROOT),
            """
            CREATE TABLE q (id int, v text DEFAULT %1$s);
            INSERT INTO q VALUES (1, %1$s);INSERT INTO q (id) VALUES (2);
            INSERT INTO q SELECT 3, %1$s || 'x' -- and %2$s
            ;
            CREATE VIEW w AS SELECT %1$s::text AS v, length(%1$s) AS n;
            """
                .formatted(literal, text.lines().findFirst().orElse("")));
      }
    }
  }

  /// The ways to write a string.
  private enum Quote {
    PLAIN {
      @Override
      String of(String text) {
        return "'" + text.replace("'", "''") + "'";
      }
    },
    ESCAPED {
      @Override
      String of(String text) {
        return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'";
      }
    },
    CONTINUED {
      @Override
      String of(String text) {
        int half = text.offsetByCodePoints(0, text.codePointCount(0, text.length()) / 2);
        return PLAIN.of(text.substring(0, half))
            + " -- goes on; 'here'\n  "
            + PLAIN.of(text.substring(half));
      }
    },
    UNICODE {
      @Override
      String of(String text) {
        StringBuilder literal = new StringBuilder("U&'");
        text.codePoints()
            .forEach(c -> {
              if (c == '\\' || c == '\'') {
                literal.appendCodePoint(c).appendCodePoint(c);
              } else if (c > 127) {
                literal.append(String.format(Locale.ROOT, "\\+%06X", c));
              } else {
                literal.appendCodePoint(c);
              }
            });
        return literal + "'";
      }
    },
    DOLLAR {
      @Override
      String of(String text) {
        return "$größe_1$" + text + "$größe_1$";
      }
    };

    abstract String of(String text);
  }

  /// What a string can be a part of; `{text}` is the literal.
  private static final List<String> CONTAINERS =
      List.of(
          "CREATE TABLE k (v text DEFAULT {text} CHECK (v <> {text} || ';'));\nINSERT INTO k DEFAULT VALUES;",
          """
          CREATE TABLE k (v text);
          CREATE TABLE l (v text);
          CREATE RULE r AS ON INSERT TO k DO ALSO (INSERT INTO l VALUES ({text}); DELETE FROM l WHERE v = {text} || ';';);
          INSERT INTO k VALUES ('x');
          """,
          """
          CREATE FUNCTION f() RETURNS text LANGUAGE sql
          BEGIN ATOMIC
            SELECT {text};
            SELECT CASE WHEN length({text}) > 0 THEN {text} END;
          END;
          CREATE TABLE k AS SELECT f() AS v;
          """,
          "CREATE TABLE k (v text);\nDO $outer_1$\nBEGIN\n  INSERT INTO k VALUES ({text});\nEND;\n$outer_1$;",
          "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $outer_1$SELECT {text};$outer_1$;\nCREATE TABLE k AS SELECT f() AS v;",
          "CREATE TABLE k ();\nCOMMENT ON TABLE k IS {text};\nCREATE TABLE l ();",
          """
          CREATE TABLE k (v text);
          CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := TG_ARGV[0]; RETURN NEW; END';
          CREATE TRIGGER g BEFORE INSERT ON k FOR EACH ROW EXECUTE FUNCTION g({text});
          INSERT INTO k VALUES ('x');
          """,
          "CREATE TABLE k AS SELECT ARRAY[{text}, ({text})::text] AS v, (SELECT {text}::text) AS w, row({text}, 1)::text AS x;");

  private void containers() {
    Quote[] quotes = Quote.values();
    for (int i = 0; i < TEXTS.size(); i++) {
      for (int j = 0; j < CONTAINERS.size(); j++) {
        Quote quote = quotes[(i + j) % quotes.length];
        add(
            false,
            "string " + i + " in container " + j,
            CONTAINERS.get(j).replace("{text}", quote.of(TEXTS.get(i))));
      }
      String row = TEXTS.get(i).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
      String name = TEXTS.get(i).replace("\"", "\"\"");
      add(
          false,
          "string " + i + " in a row and in a name",
          "CREATE TABLE k (v text);\nCOPY k FROM stdin;\n"
              + row
              + "\n\\.\nCREATE VIEW \""
              + name
              + "\" AS SELECT v AS \"a "
              + name
              + "\" FROM k;\n");
    }
  }

  private void names() {
    for (String name :
        List.of(
            "T",
            "my table",
            "a\"b",
            "semi;colon",
            "--x",
            "/*x*/",
            "größe",
            "select",
            "end",
            "$x$",
            "it's")) {
      String quoted = '"' + name.replace("\"", "\"\"") + '"';
      add(
          "name " + name,
          """
          CREATE TABLE %1$s (%1$s int PRIMARY KEY, "Other;" text);
          INSERT INTO %1$s VALUES (1, 'x');
          CREATE INDEX "i;%2$s" ON %1$s ("Other;");
          CREATE VIEW "v%2$s" AS SELECT %1$s.%1$s AS "as;" FROM %1$s;
          COMMENT ON COLUMN %1$s.%1$s IS 'of %3$s';
          """
              .formatted(quoted, name.replace("\"", "\"\""), name.replace("'", "''")));
    }
    add(
        "name in Unicode",
        "CREATE TABLE U&\"d\\0061ta;\" (U&\"\\0061\" int);\nCREATE TABLE größe (maß_ int, x$1 int);\n");
  }

  private void functions() {
    List<String> bodies =
        List.of(
            "BEGIN\n  RETURN 1;\nEND;",
            "BEGIN\n  -- it's; a comment\n  RETURN 2; /* ; ' */\nEND;",
            "DECLARE\n  n int := 0;\nBEGIN\n  FOR i IN 1..3 LOOP\n    n := n + i;\n  END LOOP;\n  RETURN n;\nEND;",
            "BEGIN\n  RETURN CASE WHEN 1 = 1 THEN CASE 2 WHEN 2 THEN 3 END ELSE 4 END;\nEND",
            "BEGIN\n--rollback DROP TABLE t;\n-- rollback DELETE FROM t;\n/* liquibase rollback\nDROP TABLE t;\n*/\n  RETURN 5;\nEND;",
            "BEGIN\n  EXECUTE 'SELECT ''a;b''' || ';';\n  RETURN 6;\nEXCEPTION WHEN OTHERS THEN\n  RAISE NOTICE '100%% of % lost', 'it';\n  RETURN -1;\nEND;",
            "BEGIN\n  EXECUTE $q$SELECT 'x;$q'$q$;\n  RETURN length('\\') + 6;\nEND;",
            "DECLARE v text := '${HOME} ?';\nBEGIN\n  RETURN length(v);\nEND;");
    for (int i = 0; i < bodies.size(); i++) {
      String body = bodies.get(i);
      List<String> quoted =
          List.of(
              "'\n" + body.replace("'", "''") + "\n'",
              "$$\n" + body + "\n$$",
              "$_body1$" + body + "$_body1$",
              "E'" + body.replace("\\", "\\\\").replace("'", "\\'") + "'");
      for (int j = 0; j < quoted.size(); j++) {
        add(
            j == 0,
            "function " + i + "." + j,
            """
            CREATE TABLE t (id int);

            CREATE OR REPLACE FUNCTION f() RETURNS int
                LANGUAGE plpgsql VOLATILE
                AS %s;

            COMMENT ON FUNCTION f() IS 'does something; or other';
            INSERT INTO t SELECT f();
            """
                .formatted(quoted.get(j)));
      }
    }
  }

  private void sqlBodies() {
    add(
        "body return",
        "CREATE FUNCTION f(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql IMMUTABLE RETURN a + b;\nCREATE TABLE t AS SELECT f(1) AS x;");
    List<String> bodies =
        List.of(
            "SELECT 1;",
            "SELECT 1; SELECT 2;",
            "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); SELECT count(*)::int FROM t;",
            "SELECT CASE WHEN true THEN 1 ELSE 2 END;",
            "SELECT CASE 1 WHEN 1 THEN CASE WHEN false THEN 2 ELSE 3 END END; SELECT 4;",
            "SELECT (CASE WHEN true THEN (SELECT 1) END); SELECT 5;",
            "SELECT length('END; ;');",
            "SELECT length($$END;$$); -- END;\n SELECT 6;",
            "/* END; */ SELECT \"end\" FROM (SELECT 1 AS \"end\") AS s;",
            "DELETE FROM t WHERE id IN (SELECT id FROM t); SELECT 7;");
    for (int i = 0; i < bodies.size(); i++) {
      add(
          "body atomic " + i,
          "CREATE TABLE t (id int);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n "
              + bodies.get(i)
              + "\nEND;\nINSERT INTO t SELECT f();\nSELECT 1;\n");
    }
    add(
        "body of a procedure",
        """
        CREATE TABLE t (id int);
        create or replace procedure p(a int)
        begin atomic
          insert into t values (a);
          insert into t select case when a > 1 then a else -a end;
        end;
        CALL p(3);
        """);
    add(
        "words that are no body",
        """
        CREATE TABLE begin_atomic (begin int, atomic int);
        CREATE FUNCTION fn_atomic() RETURNS int LANGUAGE sql AS 'SELECT 1;';
        CREATE FUNCTION atomic_x(begin int) RETURNS int LANGUAGE sql AS $b$ SELECT CASE WHEN begin = 1 THEN 2 END; $b$;
        INSERT INTO begin_atomic VALUES (fn_atomic(), atomic_x(1));
        """);
  }

  private void objects() {
    String tables =
        "CREATE TABLE t (id int PRIMARY KEY, v text);\nCREATE TABLE l (id int, what text);\n";
    add(
        "rule with two actions",
        tables
            + "CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO l VALUES (OLD.id, 'a;'); INSERT INTO l VALUES (OLD.id, 'b'););\n"
            + "INSERT INTO t VALUES (1), (2);\nDELETE FROM t WHERE id = 1;");
    add(
        "rule instead",
        tables
            + "CREATE RULE r AS ON INSERT TO t WHERE NEW.id < 0 DO INSTEAD NOTHING;\nINSERT INTO t VALUES (1), (-1);");
    add(
        "trigger",
        tables
            + """
            CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              INSERT INTO l VALUES (NEW.id, TG_OP || ';');
              RETURN NEW;
            END $$;
            CREATE TRIGGER log BEFORE INSERT OR UPDATE ON t FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION log('a;b');
            INSERT INTO t VALUES (1), (-1);
            """);
    add(
        "policies",
        tables
            + """
            ALTER TABLE t ENABLE ROW LEVEL SECURITY;
            CREATE POLICY p ON t USING (v = current_setting('app.user;', true)) WITH CHECK (id > 0);
            """);
    add(
        "types",
        """
        CREATE TYPE mood AS ENUM ('sad;', 'it''s ok', '--happy');
        CREATE TYPE pair AS (a int, "b;" text);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0) DEFAULT 1;
        CREATE TYPE span AS RANGE (subtype = int);
        CREATE TABLE m (id positive, current mood, two pair, s span);
        INSERT INTO m VALUES (DEFAULT, 'sad;', ROW(1, 'x;'), '[1,2]');
        """);
    add(
        "operators",
        """
        CREATE FUNCTION eq(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2';
        CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = eq);
        CREATE OPERATOR ?? (LEFTARG = int, RIGHTARG = int, FUNCTION = eq);
        CREATE TABLE o AS SELECT 1 === 1 AS a, 1 ?? 2 AS b, 3 - -2 AS c, 2 */* x */3 AS d, '{"a":1}'::jsonb ? 'a' AS e;
        """);
    add(
        "aggregates",
        """
        CREATE FUNCTION add(state int, v int) RETURNS int LANGUAGE sql AS 'SELECT state + v';
        CREATE AGGREGATE total (int) (SFUNC = add, STYPE = int, INITCOND = '0');
        CREATE TABLE a AS SELECT total(x) FROM generate_series(1, 4) AS x;
        """);
    add(
        "partitions",
        """
        CREATE TABLE p (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
        CREATE TABLE p_d PARTITION OF p DEFAULT;
        CREATE INDEX ON p (at);
        INSERT INTO p VALUES (1, '2026-01-05'), (2, '2026-07-01');
        """);
    add(
        "inheritance",
        "CREATE TABLE cities (name text, population real);\nCREATE TABLE capitals (state char(2)) INHERITS (cities);\nINSERT INTO capitals VALUES ('Madison', 2.8, 'WI');");
    add(
        "views",
        tables
            + """
            INSERT INTO t VALUES (1, 'a;b');
            CREATE VIEW v1 AS SELECT id, upper(v) AS "Upper;" FROM t WHERE v <> ';';
            CREATE MATERIALIZED VIEW v2 AS SELECT * FROM v1;
            REFRESH MATERIALIZED VIEW v2;
            CREATE RECURSIVE VIEW nums (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM nums WHERE n < 5;
            """);
    add(
        "sequences",
        """
        CREATE SEQUENCE s START 100 INCREMENT 5;
        CREATE TABLE t (id int DEFAULT nextval('s'), g int GENERATED ALWAYS AS IDENTITY, d int GENERATED ALWAYS AS (1 + 1) STORED);
        ALTER SEQUENCE s OWNED BY t.id;
        INSERT INTO t DEFAULT VALUES;
        INSERT INTO t DEFAULT VALUES;
        SELECT setval('s', 500);
        """);
    add(
        false,
        "schemas",
        """
        CREATE SCHEMA app CREATE TABLE a (id int) CREATE VIEW b AS SELECT id FROM a;
        CREATE SCHEMA "odd;name";
        SET search_path TO "odd;name", public;
        CREATE TABLE c (id int);
        RESET search_path;
        CREATE TABLE d (id int);
        """);
    add(
        "DO",
        """
        CREATE TABLE t (id int);
        DO $do$
        DECLARE
          r record;
        BEGIN
          FOR r IN SELECT generate_series(1, 3) AS n LOOP
            EXECUTE format('INSERT INTO t VALUES (%s); INSERT INTO t VALUES (%L)', r.n, r.n * 10);
          END LOOP;
        END
        $do$;
        DO LANGUAGE plpgsql 'BEGIN INSERT INTO t VALUES (99); END';
        """);
    add(
        "privileges",
        tables
            + "GRANT SELECT, INSERT ON t TO PUBLIC;\nREVOKE INSERT ON t FROM PUBLIC;\nALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;");
    add(
        "indexes",
        tables
            + """
            CREATE UNIQUE INDEX t_lower ON t (lower(v) text_pattern_ops DESC NULLS LAST) WHERE v <> ';';
            CREATE INDEX t_gin ON t USING gin (to_tsvector('english', coalesce(v, '')));
            CREATE STATISTICS st ON id, v FROM t;
            ALTER TABLE t ADD CONSTRAINT c CHECK (v !~ '[;''"]'), ADD CONSTRAINT x EXCLUDE USING btree (id WITH =);
            """);
    add(
        "colons",
        """
        CREATE FUNCTION f(a int[], n int) RETURNS int[] LANGUAGE sql RETURN a[1:n];
        CREATE TABLE c AS SELECT f(a := '{1,2,3}', n := 2) AS f, ('{1,2,3}'::int[])[:2] AS g, (ARRAY[ARRAY[1,2],ARRAY[3,4]])[1:1][1:"n"] AS h
          FROM (VALUES (1)) AS v (n);
        SET client_encoding = 'UTF8';
        SET NAMES 'utf8';
        SET DateStyle = 'ISO, DMY';
        SET LOCAL datestyle TO ymd;
        SET standard_conforming_strings TO on;
        """);
    add(
        "a merge",
        tables
            + "INSERT INTO t VALUES (1, 'a');\nMERGE INTO t USING (VALUES (1, 'b'), (2, 'c')) AS n (id, v) ON t.id = n.id WHEN MATCHED THEN UPDATE SET v = n.v WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.v);");
    add(
        "prepared",
        tables
            + "PREPARE ins (int, text) AS INSERT INTO t VALUES ($1, $2);\nEXECUTE ins(1, 'x;');\nDEALLOCATE ins;");
    add(
        "a cursor",
        tables
            + "INSERT INTO t VALUES (1, 'a'), (2, 'b');\nDO $$ DECLARE c CURSOR FOR SELECT id FROM t; n int; BEGIN OPEN c; FETCH c INTO n; INSERT INTO l VALUES (n, 'first'); END $$;");
    add(
        "XML, JSON and arrays",
        """
        CREATE TABLE d (j jsonb, a text[], n int[], t tsvector, b bytea, i interval, bits varbit);
        INSERT INTO d VALUES ('{"a;": ["b\\\\n", "''"]}', '{"a;b","c\\"d"}', (ARRAY[1, 2])[1:2], 'a;b', '\\xdeadBEEF', '1 day 02:03', B'101');
        INSERT INTO d VALUES ($${"x": "it's"}$$, ARRAY['--', '/*'], '{}', NULL, E'\\\\001', 'P1Y', X'1F');
        """);
    add(
        "a large insert",
        "CREATE TABLE n (i int, v text);\nINSERT INTO n VALUES\n"
            + String.join(
                ",\n", IntStream.range(0, 500).mapToObj(i -> "(" + i + ", 'v;" + i + "')").toList())
            + ";\n");
    add("no semicolon at the end", "CREATE TABLE a (id int); CREATE TABLE b (id int)");
    add("empty statements", ";;\n;CREATE TABLE a (id int);;\n;\n");
    add(
        "one line",
        "CREATE TABLE a(id int);INSERT INTO a VALUES(1);INSERT INTO a VALUES(2);DELETE FROM a WHERE id=1;");
    add(
        "settings",
        "SET work_mem = '8MB';\nSET LOCAL timezone TO 'UTC';\nCREATE TABLE a AS SELECT 1 AS id;\nRESET work_mem;");
  }

  private void copies() {
    String table = "CREATE TABLE c (id int, v text, w text DEFAULT 'w');\n";
    add("copy", table + "COPY c (id, v) FROM stdin;\n1\tone\n2\tit's; $$\n3\t\\N\n\\.\n");
    add("copy of nothing", table + "COPY c FROM stdin;\n\\.\n\nINSERT INTO c VALUES (1);");
    add(
        "copy with escapes",
        table + "COPY c FROM STDIN;\n1\ta\\tb\\nc\tx\n2\tback\\\\slash\ty\n3\t\\\\.\tz\n\\.\n");
    add(
        "copy of lines that look like directives",
        table
            + "COPY c (v) FROM stdin;\n--rollback DROP TABLE c;\n-- comment: x\n--changeset core:002\n/* liquibase rollback\n*/\n;\n'\n\\.\n");
    add(
        "copy csv",
        table
            + "COPY c FROM stdin WITH (FORMAT csv, HEADER true, NULL 'nil');\nid,v,w\n1,\"a\nb;\",\"say \"\"hi\"\"\"\n2,nil,'\n\\.\n");
    add(
        "copy with a delimiter",
        table + "copy c from stdin delimiter '|' null '';\n1|a;b|\n2||x\n\\.\n");
    add(
        "copy in lower case",
        table + "copy c (id) from stdin;\n1\n2\n\\.\ninsert into c values (3);");
    add(
        "copy twice",
        table + "COPY c (id) FROM stdin;\n1\n\\.\nCOPY c (id) FROM stdin; -- again\n2\n\\.\n");
    add(
        "copy in Unicode",
        table + "COPY c (id, v) FROM stdin;\n1\tgrößer 𝄞\n2\t\u00a0\u2028\n\\.\n");
    add(
        "copy into a quoted table",
        "CREATE TABLE \"c; FROM stdin\" (\"a;\" int);\nCOPY \"c; FROM stdin\" (\"a;\") FROM stdin;\n1\n\\.\n");
    add(
        "copy with comments",
        table + "COPY /* ; */ c -- FROM file\n (id) FROM stdin;\n1\n\\.\n-- done");
    add(
        "copy of many rows",
        table
            + "COPY c (id, v) FROM stdin;\n"
            + String.join("\n", IntStream.range(0, 2000).mapToObj(i -> i + "\tvalue " + i).toList())
            + "\n\\.\nCREATE INDEX ON c (id);");
  }

  private void comments() {
    String sql = "CREATE TABLE a (id int);\n";
    for (String comment :
        List.of(
            "-- it's; a \"comment\" $$\n",
            "--\n--\n",
            "/* ; ' \" $$ -- */\n",
            "/* outer /* inner ; */ still */\n",
            "/**/ /***/ /*/ */\n",
            "-- rollback the purchase\n-- comment: one\n-- property values are looked up later\n",
            "-- ignoreLines:2\n",
            "--changeset-note\n--DROP TABLE a;\n",
            "-- CreateTable\n",
            "/*\n--rollback DROP TABLE a;\n*/\n",
            "-- ünï©ödé 𝄞\n",
            "-- \\set x y\n")) {
      add(
          false,
          "comment " + comment.strip(),
          comment
              + sql
              + comment
              + "INSERT INTO a VALUES (1"
              + "\n"
              + comment
              + ")\n"
              + comment
              + ";\n"
              + comment);
    }
  }

  private void tutorials() {
    add(
        "weather",
        """
        CREATE TABLE weather (
                city            varchar(80),
                temp_lo         int,           -- low temperature
                temp_hi         int,           -- high temperature
                prcp            real,          -- precipitation
                date            date
        );
        CREATE TABLE cities (
                name            varchar(80),
                location        point
        );
        INSERT INTO weather VALUES ('San Francisco', 46, 50, 0.25, '1994-11-27');
        INSERT INTO cities VALUES ('San Francisco', '(-194.0, 53.0)');
        INSERT INTO weather (city, temp_lo, temp_hi, prcp, date)
            VALUES ('San Francisco', 43, 57, 0.0, '1994-11-29');
        UPDATE weather
            SET temp_hi = temp_hi - 2,  temp_lo = temp_lo - 2
            WHERE date > '1994-11-28';
        DELETE FROM weather WHERE city = 'Hayward';
        SELECT city, max(temp_lo) FROM weather GROUP BY city HAVING max(temp_lo) < 40;
        """);
    add(
        "employees",
        """
        -- Window functions
        CREATE TABLE empsalary (depname text, empno bigint, salary int);
        INSERT INTO empsalary VALUES ('develop', 11, 5200), ('develop', 7, 4200), ('sales', 3, 4800);
        CREATE VIEW ranked AS
        SELECT depname, empno, salary,
               rank() OVER (PARTITION BY depname ORDER BY salary DESC)
          FROM empsalary;
        SELECT * FROM ranked;
        """);
    add(
        "accounts",
        """
        create table accounts (name text primary key, balance numeric(10,2) not null default 0 check (balance >= 0));
        insert into accounts values ('Alice', 100), ('Bob', 0);
        create function transfer(a text, b text, amount numeric) returns void as $$
        begin
          update accounts set balance = balance - amount where name = a;
          update accounts set balance = balance + amount where name = b;
          if not found then
            raise exception 'no account "%"', b using hint = 'create it; then try again';
          end if;
        end;
        $$ language plpgsql;
        select transfer('Alice', 'Bob', 10.5);
        """);
    add(
        "audit",
        """
        CREATE TABLE emp (empname text NOT NULL, salary integer);
        CREATE TABLE emp_audit (operation char(1) NOT NULL, empname text NOT NULL, salary integer);
        CREATE OR REPLACE FUNCTION process_emp_audit() RETURNS TRIGGER AS $emp_audit$
            BEGIN
                --
                -- Create a row in emp_audit to reflect the operation performed on emp;
                --
                IF (TG_OP = 'DELETE') THEN
                    INSERT INTO emp_audit SELECT 'D', OLD.*;
                ELSIF (TG_OP = 'UPDATE') THEN
                    INSERT INTO emp_audit SELECT 'U', NEW.*;
                ELSIF (TG_OP = 'INSERT') THEN
                    INSERT INTO emp_audit SELECT 'I', NEW.*;
                END IF;
                RETURN NULL; -- result is ignored since this is an AFTER trigger
            END;
        $emp_audit$ LANGUAGE plpgsql;
        CREATE TRIGGER emp_audit
        AFTER INSERT OR UPDATE OR DELETE ON emp
            FOR EACH ROW EXECUTE FUNCTION process_emp_audit();
        INSERT INTO emp VALUES ('ann', 1);
        UPDATE emp SET salary = 2;
        """);
    add(
        "shop",
        """
        DROP TABLE IF EXISTS products, orders CASCADE;
        CREATE TABLE products (product_no integer PRIMARY KEY, name text, price numeric CHECK (price > 0));
        CREATE TABLE orders (
            order_id integer PRIMARY KEY,
            product_no integer REFERENCES products ON DELETE RESTRICT,
            quantity integer
        );
        INSERT INTO products SELECT n, 'product ' || n, n * 1.5 FROM generate_series(1, 10) AS n;
        WITH moved AS (DELETE FROM products WHERE price > 10 RETURNING *) INSERT INTO products SELECT product_no + 100, name, price FROM moved;
        """);
  }

  private void tools() {
    add(
        "hibernate",
        """
        create sequence Book_SEQ start with 1 increment by 50;

            create table Book (
                published date,
                id bigint not null,
                title varchar(255) not null,
                kind varchar(255) check (kind in ('NOVEL','POEM')),
                primary key (id)
            );

            alter table if exists Book
               add constraint UK_title unique (title);

            insert into Book (title, kind, id) values ('It''s', 'NOVEL', 1);
        """);
    add(
        "prisma",
        """
        -- CreateEnum
        CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');

        -- CreateTable
        CREATE TABLE "User" (
            "id" SERIAL NOT NULL,
            "email" TEXT NOT NULL,
            "role" "Role" NOT NULL DEFAULT 'USER',
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

            CONSTRAINT "User_pkey" PRIMARY KEY ("id")
        );

        -- CreateIndex
        CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
        """);
    add(
        "rails",
        """
        SET statement_timeout = 0;
        SET client_encoding = 'UTF8';
        SET standard_conforming_strings = on;
        SET check_function_bodies = false;
        CREATE TABLE schema_versions (version character varying NOT NULL);
        CREATE TABLE users (id bigint NOT NULL, email character varying DEFAULT ''::character varying NOT NULL);
        CREATE SEQUENCE users_id_seq START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
        ALTER SEQUENCE users_id_seq OWNED BY users.id;
        ALTER TABLE ONLY users ALTER COLUMN id SET DEFAULT nextval('users_id_seq'::regclass);
        ALTER TABLE ONLY users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
        INSERT INTO "schema_versions" (version) VALUES
        ('20261127120000'),
        ('20261128093000');
        """);
    add(
        "django",
        """
        --
        -- Create model Question
        --
        CREATE TABLE "polls_question" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "question_text" varchar(200) NOT NULL);
        CREATE TABLE "polls_choice" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "question_id" bigint NOT NULL);
        ALTER TABLE "polls_choice" ADD CONSTRAINT "polls_choice_question_id_c5b4b260_fk" FOREIGN KEY ("question_id") REFERENCES "polls_question" ("id") DEFERRABLE INITIALLY DEFERRED;
        CREATE INDEX "polls_choice_question_id_c5b4b260" ON "polls_choice" ("question_id");
        """);
    add(
        "entity framework",
        """
        CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
            "MigrationId" character varying(150) NOT NULL,
            CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY ("MigrationId")
        );


        DO $EF$
        BEGIN
            IF NOT EXISTS(SELECT 1 FROM "__EFMigrationsHistory" WHERE "MigrationId" = '20261128_Init') THEN
            CREATE TABLE "Blogs" ("BlogId" integer GENERATED BY DEFAULT AS IDENTITY, "Url" text NOT NULL);
            END IF;
        END $EF$;
        INSERT INTO "__EFMigrationsHistory" ("MigrationId") VALUES ('20261128_Init');
        """);
    add(
        "typeorm",
        "CREATE TABLE \"post\" (\"id\" SERIAL NOT NULL, \"title\" character varying NOT NULL, CONSTRAINT \"PK_be5f\" PRIMARY KEY (\"id\"));CREATE INDEX \"IDX_1\" ON \"post\" (\"title\") ;ALTER TABLE \"post\" ADD \"text\" text");
    add(
        "drizzle",
        "CREATE TABLE IF NOT EXISTS \"users\" (\n\t\"id\" serial PRIMARY KEY NOT NULL,\n\t\"name\" text\n);\n--> statement-breakpoint\nALTER TABLE \"users\" ADD COLUMN \"age\" integer;");
    add(
        "goose",
        """
        -- +goose Up
        -- +goose StatementBegin
        CREATE FUNCTION answer() RETURNS int AS $$
        BEGIN
          RETURN 42;
        END;
        $$ LANGUAGE plpgsql;
        -- +goose StatementEnd
        CREATE TABLE a AS SELECT answer();
        """);
    add(
        "flyway",
        "/*\n * V1__init.sql; by hand\n */\nCREATE TABLE ${schema}t (id int);\n"
                .replace("${schema}", "")
            + "INSERT INTO t VALUES (1);\nCOMMENT ON TABLE t IS '${flyway:timestamp}';");
    add(
        "sqlalchemy",
        "\nCREATE TABLE account (\n\tid SERIAL NOT NULL, \n\tname VARCHAR(50), \n\tPRIMARY KEY (id)\n)\n\n;\n\nCREATE UNIQUE INDEX ix_account_name ON account (name);\n");
    add("windows tool", "CREATE TABLE w (id int);\r\nINSERT INTO w VALUES (1);\r\n\r\n-- done\r\n");
  }

  private void refused() {
    for (String command :
        List.of(
            "\\set name 'value'",
            "\\i other.sql",
            "\\echo hello; world",
            "\\c postgres",
            "\\d",
            "\\dt+ public.*",
            "\\copy t FROM 'x.csv' CSV",
            "\\timing on",
            "\\x",
            "\\q",
            "\\pset format csv",
            "\\if true",
            "\\gexec",
            "\\connect - - - 5432",
            "\\encoding UTF8",
            "\\! ls",
            "\\password",
            "\\prompt 'x' y")) {
      refuse(
          "psql " + command,
          "CREATE TABLE t (id int);\n" + command + "\nCREATE TABLE u (id int);\n");
    }
    for (String pair :
        List.of(
            "BEGIN;|COMMIT;",
            "START TRANSACTION;|COMMIT;",
            "BEGIN;|ROLLBACK;",
            "begin work;|end;",
            "BEGIN ISOLATION LEVEL SERIALIZABLE;|COMMIT AND CHAIN;",
            "SAVEPOINT a;|RELEASE a;",
            "BEGIN TRANSACTION;|ABORT;",
            "-- first\nBEGIN;|SELECT 1; COMMIT;")) {
      String[] commands = pair.split("\\|", -1);
      refuse(
          "transaction " + pair,
          commands[0]
              + "\nCREATE TABLE t (id int);\nINSERT INTO t VALUES (1);\n"
              + commands[1]
              + "\n");
    }
    for (String variable : List.of(":USER", ":'DBNAME'", ":\"HOST\"", "1 +:x", ":{?x}")) {
      refuse("variable " + variable, "CREATE TABLE t AS SELECT " + variable + ";\n");
    }
    for (String setting :
        List.of(
            "SET standard_conforming_strings = off",
            "set local standard_conforming_strings to 'off'",
            "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)",
            "SET client_encoding = 'LATIN1'",
            "SET DateStyle = 'German'",
            "SET LOCAL datestyle TO SQL, DMY",
            "SELECT pg_catalog.set_config('datestyle', 'postgres', true)",
            "SET NAMES 'WIN1252'",
            "VACUUM (FULL) t",
            "/* so */ CREATE DATABASE other",
            "ALTER SYSTEM SET work_mem = '1MB'",
            "REINDEX DATABASE",
            "CLUSTER")) {
      refuse(setting, "CREATE TABLE t (id int);\n" + setting + ";\n");
    }
    refuse("sent together", "SELECT 1 \\; SELECT 2;\n");
    refuse("to standard output", "CREATE TABLE t (id int);\nCOPY t TO STDOUT;\n");
    refuse("rows without an end", "CREATE TABLE t (id int);\nCOPY t FROM stdin;\n1\n2\n");
    refuse("open string", "CREATE TABLE t (id int);\nINSERT INTO t VALUES ('a);\n");
    refuse("open comment", "CREATE TABLE t (id int);\n/* not closed\n");
    refuse("open parenthesis", "CREATE TABLE t (id int;\nSELECT 1;\n");
    refuse("open dollar quote", "DO $$ BEGIN NULL; END $x$;\n");
    refuse("open body", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\n");
    refuse(
        "a rollback in the middle",
        "CREATE TABLE t (id int);\n--rollback DROP TABLE t;\nCREATE TABLE u (id int);\n");
    refuse(
        "a comment like a rollback",
        "CREATE TABLE t (id int);\n-- rollback DROP TABLE t;\nCREATE TABLE u (id int);\n");
    refuse(
        "two changesets",
        "CREATE TABLE t (id int);\n--changeset core:002\nCREATE TABLE u (id int);\n");
    refuse("nothing", "-- nothing to do\n");
  }
}
