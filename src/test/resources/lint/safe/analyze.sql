--liquibase formatted sql

--changeset lint:001
--comment ANALYZE: SHARE UPDATE EXCLUSIVE; it reads a sample.
ANALYZE orders;

--rollback empty because it is an example
