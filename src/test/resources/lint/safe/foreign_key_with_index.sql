--liquibase formatted sql

--changeset lint:001
--comment Foreign keys: an index that begins with the referencing column.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    code text NOT NULL
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
CREATE INDEX shipment_order_id_code_idx ON shipment (order_id, code);

--rollback DROP TABLE shipment;
