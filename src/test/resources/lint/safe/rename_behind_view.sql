--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: RENAME, with an updatable view under the old name in the same transaction.
ALTER TABLE warehouse RENAME TO depot;
CREATE VIEW warehouse AS SELECT id, name FROM depot;

--rollback DROP VIEW warehouse;
--rollback ALTER TABLE depot RENAME TO warehouse;
