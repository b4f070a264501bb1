--liquibase formatted sql
--expect index-build-blocks-writes public.customer_phone_key

--changeset lint:001
--comment CREATE INDEX: a unique one is built under the same SHARE lock.
CREATE UNIQUE INDEX customer_phone_key ON customer (phone);

--rollback DROP INDEX customer_phone_key;
