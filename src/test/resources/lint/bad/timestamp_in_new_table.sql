--liquibase formatted sql
--expect timestamp-without-time-zone public.shipment.at

--changeset lint:001
--comment Date/time types: the same in a new table, through SQL that a function makes.
DO $$ BEGIN EXECUTE 'CREATE TABLE shipment (id bigint PRIMARY KEY, at times' || 'tamp(0))'; END $$;
COMMENT ON TABLE shipment IS 'What left the warehouse';

--rollback DROP TABLE shipment;
