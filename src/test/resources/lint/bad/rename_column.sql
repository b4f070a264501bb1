--liquibase formatted sql
--expect renamed-column public.orders.note

--changeset lint:001
--comment ALTER TABLE: RENAME COLUMN; every running version asks for the old name.
ALTER TABLE orders RENAME COLUMN note TO remark;

--rollback ALTER TABLE orders RENAME COLUMN remark TO note;
