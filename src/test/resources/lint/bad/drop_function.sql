--liquibase formatted sql
--expect dropped-function public.order_total(bigint)

--changeset lint:001
--comment DROP FUNCTION: whoever calls it fails.
DROP FUNCTION order_total(bigint);

--rollback CREATE FUNCTION order_total(bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';
