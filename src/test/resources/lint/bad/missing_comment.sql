--liquibase formatted sql
--expect missing-comment public.shipment

--changeset lint:001
--comment COMMENT: psql, and everybody after us, shows what a table is for.
CREATE TABLE shipment (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);

--rollback DROP TABLE shipment;
