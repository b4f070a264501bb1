--liquibase formatted sql

--changeset lint:001
--comment INSERT: ROW EXCLUSIVE, which lets everybody go on.
INSERT INTO warehouse (name) VALUES ('Liege');

--rollback DELETE FROM warehouse WHERE name = 'Liege';
