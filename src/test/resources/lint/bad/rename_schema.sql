--liquibase formatted sql
--expect renamed-schema billing

--changeset lint:001
--comment ALTER SCHEMA: RENAME; everything in it has another name.
ALTER SCHEMA billing RENAME TO invoicing;

--rollback ALTER SCHEMA invoicing RENAME TO billing;
