--liquibase formatted sql

--changeset lint:001
--comment CREATE TABLE: a new table with everything in it, and its view, function and grants.
CREATE TYPE return_state AS ENUM ('asked', 'received', 'refunded');
CREATE TABLE return_request (
    id         bigint         GENERATED ALWAYS AS IDENTITY,
    order_id   bigint         NOT NULL,
    state      return_state   NOT NULL DEFAULT 'asked',
    reason     text           NOT NULL,
    refund     numeric(10, 2),
    created_at timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT return_request_pkey PRIMARY KEY (id),
    CONSTRAINT return_request_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders,
    CONSTRAINT return_request_reason_check CHECK (reason <> '')
);
CREATE INDEX return_request_order_id_idx ON return_request (order_id);
COMMENT ON TABLE return_request IS 'What a customer wants to send back';
CREATE VIEW open_return AS SELECT * FROM return_request WHERE state <> 'refunded';
CREATE FUNCTION refunded(bigint) RETURNS numeric LANGUAGE sql STABLE
    AS 'SELECT sum(refund) FROM return_request WHERE order_id = $1';
GRANT SELECT ON open_return TO PUBLIC;

--rollback DROP FUNCTION refunded(bigint);
--rollback DROP VIEW open_return;
--rollback DROP TABLE return_request;
--rollback DROP TYPE return_state;
