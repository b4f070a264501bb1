--liquibase formatted sql
--expect redundant-index public.shipment_id_idx

--changeset lint:001
--comment Indexes: a primary key has one already.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
CREATE UNIQUE INDEX shipment_id_idx ON shipment (id);

--rollback DROP TABLE shipment;
