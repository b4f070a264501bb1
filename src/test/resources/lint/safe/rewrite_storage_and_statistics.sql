--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: SET STORAGE and SET STATISTICS say what is done with rows to come, or when analyzed.
ALTER TABLE document ALTER COLUMN title SET STORAGE EXTERNAL;
ALTER TABLE document ALTER COLUMN title SET STATISTICS 500;

--rollback ALTER TABLE document ALTER COLUMN title SET STORAGE EXTENDED;
--rollback ALTER TABLE document ALTER COLUMN title SET STATISTICS -1;
