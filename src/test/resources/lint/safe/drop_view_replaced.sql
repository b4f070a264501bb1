--liquibase formatted sql

--changeset lint:001
--comment CREATE VIEW: OR REPLACE may add columns at the end.
CREATE OR REPLACE VIEW customer_order AS
SELECT c.name, o.total, o.reference FROM customer c JOIN orders o ON o.customer_id = c.id;

--rollback empty because it is an example
