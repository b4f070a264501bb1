--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment VACUUM: without FULL it runs beside normal reading and writing.
VACUUM (ANALYZE) audit_log;

--rollback empty because it is an example
