--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: USING INDEX takes an index that was built before, concurrently.
ALTER TABLE product ADD CONSTRAINT product_sku_key UNIQUE USING INDEX product_sku_idx;

--rollback empty because it is an example
