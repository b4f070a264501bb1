--liquibase formatted sql

--changeset lint:001
--comment ALTER INDEX: RENAME takes SHARE UPDATE EXCLUSIVE; no query names an index.
ALTER INDEX orders_customer_id_idx RENAME TO orders_customer_idx;

--rollback ALTER INDEX orders_customer_idx RENAME TO orders_customer_id_idx;
