--liquibase formatted sql

--changeset lint:001
--comment CREATE TABLE: NOT NULL without default, where no rows are.
CREATE TABLE brand (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);
ALTER TABLE brand ADD COLUMN country text NOT NULL;
ALTER TABLE brand ALTER COLUMN name DROP NOT NULL;
COMMENT ON TABLE brand IS 'Who makes a product';

--rollback DROP TABLE brand;
