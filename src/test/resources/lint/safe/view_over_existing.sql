--liquibase formatted sql

--changeset lint:001
--comment CREATE VIEW: ACCESS SHARE on what it reads.
CREATE VIEW big_order AS SELECT id, total FROM orders WHERE total > 100;

--rollback DROP VIEW big_order;
