--liquibase formatted sql
--expect foreign-key-without-index public.shipment.shipment_order_id_fkey

--changeset lint:001
--comment Multicolumn indexes: most useful when the leading columns are constrained.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders,
    code text NOT NULL
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
CREATE INDEX shipment_code_order_id_idx ON shipment (code, order_id);

--rollback DROP TABLE shipment;
