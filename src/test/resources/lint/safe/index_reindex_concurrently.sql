--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment REINDEX CONCURRENTLY: without locks that prevent concurrent inserts, updates or deletes.
REINDEX INDEX CONCURRENTLY orders_customer_id_idx;
REINDEX TABLE CONCURRENTLY audit_log;

--rollback empty because it is an example
