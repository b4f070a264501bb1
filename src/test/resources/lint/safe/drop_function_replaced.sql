--liquibase formatted sql

--changeset lint:001
--comment CREATE FUNCTION: the same signature is there again when the transaction ends.
DROP FUNCTION order_total(bigint);
CREATE FUNCTION order_total(order_id bigint) RETURNS numeric LANGUAGE sql STABLE
    AS 'SELECT total FROM orders WHERE id = order_id';

--rollback empty because it is an example
