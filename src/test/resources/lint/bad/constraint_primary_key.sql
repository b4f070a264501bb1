--liquibase formatted sql
--expect unique-built-under-lock public.legacy_import.legacy_import_pkey

--changeset lint:001
--comment ALTER TABLE: ADD PRIMARY KEY builds its index under ACCESS EXCLUSIVE.
ALTER TABLE legacy_import ADD CONSTRAINT legacy_import_pkey PRIMARY KEY (id);

--rollback ALTER TABLE legacy_import DROP CONSTRAINT legacy_import_pkey;
