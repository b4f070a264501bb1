--liquibase formatted sql
--expect reindex-blocks public.orders_customer_id_idx

--changeset lint:001
--comment REINDEX: the planner of every query takes a lock on the index, so nearly all queries wait.
REINDEX INDEX orders_customer_id_idx;

--rollback empty because it is an example
