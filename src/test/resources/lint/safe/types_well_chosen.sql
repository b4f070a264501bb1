--liquibase formatted sql

--changeset lint:001
--comment Data types: timestamptz, text, varchar without limit, jsonb, bigint, numeric.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sent_at timestamptz NOT NULL,
    code text NOT NULL,
    carrier varchar,
    attributes jsonb,
    pieces integer NOT NULL,
    kind "char",
    price numeric(12, 2)
);
COMMENT ON TABLE shipment IS 'What left the warehouse';

--rollback DROP TABLE shipment;
