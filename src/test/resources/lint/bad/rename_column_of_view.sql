--liquibase formatted sql
--expect renamed-column public.customer_order.total

--changeset lint:001
--comment ALTER VIEW: RENAME COLUMN; a view is read by name too.
ALTER VIEW customer_order RENAME COLUMN total TO amount;

--rollback ALTER VIEW customer_order RENAME COLUMN amount TO total;
