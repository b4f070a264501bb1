--liquibase formatted sql

--changeset lint:001
--comment CREATE FUNCTION: OR REPLACE locks no table.
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END';

--rollback CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
--rollback     AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
