--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment Unique indexes: it enforces what the plain one does not.
CREATE UNIQUE INDEX CONCURRENTLY customer_phone_key ON customer (phone);

--rollback DROP INDEX CONCURRENTLY customer_phone_key;
