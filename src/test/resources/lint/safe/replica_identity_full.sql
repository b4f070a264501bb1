--liquibase formatted sql

--changeset lint:001
--comment Logical replication: FULL is an identity, if a costly one.
ALTER TABLE customer REPLICA IDENTITY FULL;

--rollback ALTER TABLE customer REPLICA IDENTITY DEFAULT;
