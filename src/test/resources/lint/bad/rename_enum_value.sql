--liquibase formatted sql
--expect renamed-enum-value public.order_status.paid

--changeset lint:001
--comment ALTER TYPE: RENAME VALUE; every running version writes the old one.
ALTER TYPE order_status RENAME VALUE 'paid' TO 'settled';

--rollback ALTER TYPE order_status RENAME VALUE 'settled' TO 'paid';
