--liquibase formatted sql
--expect trigger-on-existing-table public.orders.orders_stamp

--changeset lint:001
--comment CREATE TRIGGER: SHARE ROW EXCLUSIVE on the table, and from then on every write runs it.
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER orders_stamp BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION stamp();

--rollback DROP TRIGGER orders_stamp ON orders;
--rollback DROP FUNCTION stamp();
