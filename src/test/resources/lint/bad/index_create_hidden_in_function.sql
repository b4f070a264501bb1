--liquibase formatted sql
--expect index-build-blocks-writes public.orders_note_idx

--changeset lint:001
--comment CREATE INDEX, inside a function that the changeset calls.
CREATE FUNCTION add_index() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE format(''CREATE INDEX ON %I (note)'', ''orders''); END';
SELECT add_index();
DROP FUNCTION add_index();

--rollback DROP INDEX orders_note_idx;
