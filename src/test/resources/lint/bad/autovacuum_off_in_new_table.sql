--liquibase formatted sql
--expect autovacuum-off public.shipment

--changeset lint:001
--comment Storage parameters: off is one of the ways to spell false.
CREATE TABLE shipment (id bigint PRIMARY KEY) WITH (autovacuum_enabled = off);
COMMENT ON TABLE shipment IS 'What left the warehouse';

--rollback DROP TABLE shipment;
