--liquibase formatted sql
--expect truncated-table public.orders
--expect truncated-table public.order_line

--changeset lint:001
--comment TRUNCATE: CASCADE empties every table with a foreign key to the one that is named.
TRUNCATE orders CASCADE;

--rollback empty because it is an example
