--liquibase formatted sql

--changeset lint:001
--comment ALTER TYPE: ADD VALUE alone; whoever uses it does so in a later transaction.
ALTER TYPE order_status ADD VALUE 'returned' AFTER 'shipped';

--rollback empty because it is an example
