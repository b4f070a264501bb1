--liquibase formatted sql
--expect foreign-key-without-index public.shipment.shipment_order_id_fkey

--changeset lint:001
--comment Foreign keys: a DELETE or UPDATE of the referenced table scans the referencing one; an index there is often a good idea.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders
);
COMMENT ON TABLE shipment IS 'What left the warehouse';

--rollback DROP TABLE shipment;
