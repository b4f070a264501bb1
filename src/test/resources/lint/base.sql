-- The schema that exists before each migration of the verdict set: a shop, as a team on PostgreSQL has it after
-- some years, with what it did right and what it would do otherwise today. Every table holds rows, so that
-- validations fail and rewrites happen.

CREATE EXTENSION vector;

CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped');
CREATE DOMAIN email_address AS text;
CREATE DOMAIN positive_amount AS numeric CHECK (VALUE > 0);

CREATE TABLE customer (
    id          bigint        GENERATED ALWAYS AS IDENTITY,
    email       email_address NOT NULL,
    name        text          NOT NULL,
    country     varchar(2)    NOT NULL DEFAULT 'NL',
    phone       varchar(10),
    referrer_id bigint,
    manager_id  bigint,
    CONSTRAINT customer_pkey PRIMARY KEY (id),
    CONSTRAINT customer_email_key UNIQUE (email),
    CONSTRAINT customer_country_check CHECK (country IN ('NL', 'BE', 'DE'))
);
CREATE INDEX customer_referrer_id_idx ON customer (referrer_id);
CREATE INDEX customer_phone_idx ON customer (phone);

CREATE TABLE warehouse (
    id   bigint GENERATED ALWAYS AS IDENTITY,
    name text   NOT NULL,
    CONSTRAINT warehouse_pkey PRIMARY KEY (id)
);

CREATE TABLE product (
    id          bigint         GENERATED ALWAYS AS IDENTITY,
    sku         varchar(10)    NOT NULL,
    name        text           NOT NULL,
    price       numeric(10, 2) NOT NULL,
    weight      integer,
    description text,
    label       text           GENERATED ALWAYS AS (name || ' ' || sku) STORED,
    updated_at  timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT product_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX product_sku_idx ON product (sku);

CREATE TABLE orders (
    id           bigint         GENERATED ALWAYS AS IDENTITY,
    customer_id  bigint         NOT NULL,
    status       order_status   NOT NULL DEFAULT 'new',
    reference    text,
    note         text,
    total        numeric(10, 2) NOT NULL,
    warehouse_id integer,
    placed_at    timestamp      NOT NULL,
    packed_at    timestamp(3),
    delivered_at timestamp,
    CONSTRAINT orders_pkey PRIMARY KEY (id),
    CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customer,
    CONSTRAINT orders_reference_check CHECK (reference IS NOT NULL),
    CONSTRAINT orders_total_check CHECK (total >= 0) NOT VALID
);
CREATE INDEX orders_customer_id_idx ON orders (customer_id);
CREATE INDEX orders_customer_id_placed_at_idx ON orders (customer_id, placed_at);
CREATE INDEX orders_warehouse_id_idx ON orders (warehouse_id);

CREATE TABLE order_line (
    order_id   bigint  NOT NULL,
    line       integer NOT NULL,
    product_id bigint  NOT NULL,
    quantity   integer NOT NULL,
    CONSTRAINT order_line_pkey PRIMARY KEY (order_id, line),
    CONSTRAINT order_line_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders ON DELETE CASCADE
);
CREATE INDEX order_line_product_id_idx ON order_line (product_id);

CREATE TABLE "Order Items" (
    "Id"       bigint GENERATED ALWAYS AS IDENTITY,
    "Quantity" integer,
    CONSTRAINT "Order Items_pkey" PRIMARY KEY ("Id")
);

CREATE TABLE audit_log (
    id      bigint      GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL DEFAULT now(),
    message text        NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_at_idx ON audit_log (at);

CREATE TABLE legacy_import (
    id   bigint NOT NULL,
    line text
);
CREATE UNIQUE INDEX legacy_import_id_idx ON legacy_import (id);

CREATE TABLE booking (
    id     bigint    GENERATED ALWAYS AS IDENTITY,
    during tstzrange NOT NULL,
    CONSTRAINT booking_pkey PRIMARY KEY (id)
);

CREATE UNLOGGED TABLE session_cache (
    id      uuid  NOT NULL,
    content jsonb NOT NULL,
    CONSTRAINT session_cache_pkey PRIMARY KEY (id)
);

CREATE TABLE event (
    id          bigint      NOT NULL,
    occurred_at timestamptz NOT NULL,
    kind        text        NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01Z') TO ('2026-01-01Z');
CREATE TABLE event_2026 (
    LIKE event INCLUDING ALL,
    CONSTRAINT event_2026_range CHECK (occurred_at >= '2026-01-01Z' AND occurred_at < '2027-01-01Z')
);
CREATE TABLE event_2027 (LIKE event INCLUDING ALL);

CREATE TABLE measurement (
    sensor  text    NOT NULL,
    reading numeric NOT NULL
) PARTITION BY LIST (sensor);
CREATE TABLE measurement_kitchen PARTITION OF measurement FOR VALUES IN ('kitchen');
CREATE TABLE measurement_other PARTITION OF measurement DEFAULT;
CREATE TABLE measurement_cellar (
    LIKE measurement,
    CONSTRAINT measurement_cellar_sensor CHECK (sensor = 'cellar')
);

CREATE TABLE document (
    id        bigint      GENERATED ALWAYS AS IDENTITY,
    title     text        NOT NULL,
    embedding vector(384) NOT NULL,
    CONSTRAINT document_pkey PRIMARY KEY (id)
);
CREATE INDEX document_embedding_idx ON document USING hnsw (embedding vector_cosine_ops);

CREATE TABLE passage (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    embedding vector NOT NULL,
    CONSTRAINT passage_pkey PRIMARY KEY (id)
);

CREATE SCHEMA billing;
CREATE TABLE billing.invoice (
    id     bigint  GENERATED ALWAYS AS IDENTITY,
    amount numeric NOT NULL,
    CONSTRAINT invoice_pkey PRIMARY KEY (id)
);

CREATE VIEW customer_order AS
SELECT c.name, o.total FROM customer c JOIN orders o ON o.customer_id = c.id;

CREATE MATERIALIZED VIEW daily_sales AS
SELECT placed_at::date AS day, sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX daily_sales_day_idx ON daily_sales (day);

CREATE FUNCTION order_total(bigint) RETURNS numeric LANGUAGE sql STABLE
    AS 'SELECT total FROM orders WHERE id = $1';

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
CREATE TRIGGER product_touch BEFORE UPDATE ON product FOR EACH ROW EXECUTE FUNCTION touch();

INSERT INTO customer (email, name, phone)
SELECT 'c' || n || '@example.org', 'Customer ' || n, '020' || n FROM generate_series(1, 20) n;
INSERT INTO warehouse (name) VALUES ('Utrecht'), ('Gent');
INSERT INTO product (sku, name, price) SELECT 'P' || n, 'Product ' || n, n FROM generate_series(1, 20) n;
INSERT INTO orders (customer_id, reference, total, placed_at)
SELECT n, 'R' || n, n, '2025-03-01 12:00' FROM generate_series(1, 20) n;
INSERT INTO order_line SELECT n, 1, n, 1 FROM generate_series(1, 20) n;
INSERT INTO "Order Items" ("Quantity") SELECT n FROM generate_series(1, 20) n;
INSERT INTO audit_log (message) SELECT 'message ' || n FROM generate_series(1, 20) n;
INSERT INTO legacy_import SELECT n, 'line ' || n FROM generate_series(1, 20) n;
INSERT INTO booking (during)
SELECT tstzrange('2025-01-01Z'::timestamptz + n * interval '1 day', '2025-01-02Z'::timestamptz + n * interval '1 day')
  FROM generate_series(1, 20) n;
INSERT INTO session_cache SELECT gen_random_uuid(), '{}' FROM generate_series(1, 20);
INSERT INTO event SELECT n, '2024-06-01Z', 'login' FROM generate_series(1, 20) n;
INSERT INTO event SELECT n, '2025-06-01Z', 'login' FROM generate_series(1, 20) n;
INSERT INTO event_2026 SELECT n, '2026-06-01Z', 'login' FROM generate_series(1, 20) n;
INSERT INTO event_2027 SELECT n, '2027-06-01Z', 'login' FROM generate_series(1, 20) n;
INSERT INTO measurement SELECT 'kitchen', n FROM generate_series(1, 20) n;
INSERT INTO measurement SELECT 'attic', n FROM generate_series(1, 20) n;
INSERT INTO measurement_cellar SELECT 'cellar', n FROM generate_series(1, 20) n;
INSERT INTO document (title, embedding)
SELECT 'Document ' || n, array_fill(n::real, ARRAY[384])::vector FROM generate_series(1, 20) n;
INSERT INTO passage (embedding) SELECT array_fill(n::real, ARRAY[384])::vector FROM generate_series(1, 20) n;
INSERT INTO billing.invoice (amount) SELECT n FROM generate_series(1, 20) n;
REFRESH MATERIALIZED VIEW daily_sales;
ANALYZE;
