--liquibase formatted sql
--expect full-scan-under-lock public.orders

--changeset lint:001
--comment ALTER TABLE, from within a DO block: the locks and the scan are the same.
DO $$
BEGIN
    ALTER TABLE orders ADD CONSTRAINT orders_note_check CHECK (length(note) < 1000);
END $$;

--rollback ALTER TABLE orders DROP CONSTRAINT orders_note_check;
