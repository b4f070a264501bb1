--liquibase formatted sql
--expect table-rewrite public.orders

--changeset lint:001
--comment ALTER TABLE: not rewritten only when the USING clause does not change the column contents.
ALTER TABLE orders ALTER COLUMN note TYPE text USING upper(note);

--rollback ALTER TABLE orders ALTER COLUMN note TYPE text;
