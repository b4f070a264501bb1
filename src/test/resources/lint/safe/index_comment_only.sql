--liquibase formatted sql

--changeset lint:001
--comment Comments run nothing, whatever they say.
-- DROP TABLE customer; CREATE INDEX bad_idx ON orders (total);
/* ALTER TABLE orders ALTER COLUMN total TYPE text; TRUNCATE orders; */
COMMENT ON TABLE orders IS 'CREATE INDEX orders_idx ON orders (id); DROP TABLE orders; COMMIT;';

--rollback COMMENT ON TABLE orders IS NULL;
