--liquibase formatted sql

--changeset lint:001
--comment UPDATE: of all rows of a table that the same transaction made.
CREATE TABLE currency (code text PRIMARY KEY, name text NOT NULL);
COMMENT ON TABLE currency IS 'What we are paid in';
INSERT INTO currency VALUES ('EUR', 'euro'), ('CHF', 'franc');
UPDATE currency SET name = initcap(name);

--rollback DROP TABLE currency;
