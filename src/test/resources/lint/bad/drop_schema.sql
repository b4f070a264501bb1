--liquibase formatted sql
--expect dropped-schema billing
--expect dropped-table billing.invoice

--changeset lint:001
--comment DROP SCHEMA: CASCADE drops everything in it.
DROP SCHEMA billing CASCADE;

--rollback CREATE SCHEMA billing;
