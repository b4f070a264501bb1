--liquibase formatted sql

--changeset lint:001
--comment SELECT: ACCESS SHARE conflicts with ACCESS EXCLUSIVE alone.
DO $$
BEGIN
    PERFORM count(*) FROM orders;
    PERFORM pg_sleep(0.01);
END $$;

--rollback empty because it is an example
