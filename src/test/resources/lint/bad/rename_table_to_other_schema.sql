--liquibase formatted sql
--expect renamed-table public.booking

--changeset lint:001
--comment ALTER TABLE: SET SCHEMA moves it out of the search path.
ALTER TABLE booking SET SCHEMA billing;

--rollback ALTER TABLE billing.booking SET SCHEMA public;
