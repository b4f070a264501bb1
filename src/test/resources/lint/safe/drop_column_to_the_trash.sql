--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: what is renamed away and made nullable with its values comes back in an instant.
ALTER TABLE customer ALTER COLUMN country DROP NOT NULL;
ALTER TABLE customer DROP CONSTRAINT customer_country_check;
ALTER TABLE customer RENAME COLUMN country TO sheaf_trash_1_country;

--rollback ALTER TABLE customer RENAME COLUMN sheaf_trash_1_country TO country;
--rollback ALTER TABLE customer ALTER COLUMN country SET NOT NULL;
