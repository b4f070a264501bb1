--liquibase formatted sql
--expect constraint-validated-under-lock public.orders.orders_note_check

--changeset lint:001
--comment ALTER TABLE, from within a DO block: the locks and the scan are the same.
DO $$
BEGIN
    ALTER TABLE orders ADD CONSTRAINT orders_note_check CHECK (length(note) < 1000);
END $$;

--rollback ALTER TABLE orders DROP CONSTRAINT orders_note_check;
