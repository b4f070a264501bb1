--liquibase formatted sql
--expect whole-table-write public.orders

--changeset lint:001
--comment UPDATE, row by row in a loop: one transaction all the same.
DO $$
DECLARE o record;
BEGIN
    FOR o IN SELECT id FROM orders LOOP
        UPDATE orders SET note = 'none' WHERE id = o.id;
    END LOOP;
END $$;

--rollback empty because it is an example
