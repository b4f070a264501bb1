--liquibase formatted sql

--changeset lint:001
--comment CREATE TYPE: the values of a type that is new itself can be used at once.
CREATE TYPE colour AS ENUM ('red', 'green');
ALTER TABLE product ADD COLUMN colour colour NOT NULL DEFAULT 'red';

--rollback ALTER TABLE product DROP COLUMN colour;
--rollback DROP TYPE colour;
