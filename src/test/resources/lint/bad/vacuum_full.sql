--liquibase formatted sql
--expect vacuum-full-or-cluster public.audit_log

--changeset lint:001 runInTransaction:false
--comment VACUUM: FULL rewrites the entire contents of the table under ACCESS EXCLUSIVE.
VACUUM FULL audit_log;

--rollback empty because it is an example
