--liquibase formatted sql
--expect transaction-command

--changeset lint:001
--comment COMMIT: what follows is not rolled back with the changeset, and what went before is not either.
ALTER TABLE customer ADD COLUMN vip boolean;
COMMIT;
ALTER TABLE customer ADD COLUMN since date;

--rollback ALTER TABLE customer DROP COLUMN since, DROP COLUMN vip;
