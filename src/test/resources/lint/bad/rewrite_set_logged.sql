--liquibase formatted sql
--expect table-rewrite public.session_cache

--changeset lint:001
--comment ALTER TABLE: SET LOGGED rewrites the table, and writes all of it to the WAL.
ALTER TABLE session_cache SET LOGGED;

--rollback ALTER TABLE session_cache SET UNLOGGED;
