--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: USING INDEX does not scan when the columns are NOT NULL already.
ALTER TABLE legacy_import ADD CONSTRAINT legacy_import_pkey PRIMARY KEY USING INDEX legacy_import_id_idx;

--rollback empty because it is an example
