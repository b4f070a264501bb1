--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: what is moved away with its rows comes back in an instant.
CREATE SCHEMA sheaf_trash;
ALTER TABLE booking SET SCHEMA sheaf_trash;

--rollback ALTER TABLE sheaf_trash.booking SET SCHEMA public;
--rollback DROP SCHEMA sheaf_trash;
