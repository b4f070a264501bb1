--liquibase formatted sql

--changeset lint:001
--comment ALTER TYPE: RENAME VALUE of a type that the changeset made.
CREATE TYPE size AS ENUM ('smal', 'large');
ALTER TYPE size RENAME VALUE 'smal' TO 'small';

--rollback DROP TYPE size;
