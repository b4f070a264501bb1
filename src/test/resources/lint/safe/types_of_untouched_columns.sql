--liquibase formatted sql

--changeset lint:001
--comment Only what the changeset made or changed is judged: orders has a timestamp and customer a varchar(2) since long.
COMMENT ON COLUMN orders.placed_at IS 'When the customer pressed the button';
ALTER TABLE orders ALTER COLUMN placed_at SET STATISTICS 200;

--rollback COMMENT ON COLUMN orders.placed_at IS NULL;
