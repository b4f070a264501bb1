--liquibase formatted sql
--expect replica-identity-lost public.customer

--changeset lint:001
--comment Logical replication: without a replica identity, UPDATE and DELETE fail on the publisher.
ALTER TABLE customer REPLICA IDENTITY NOTHING;

--rollback ALTER TABLE customer REPLICA IDENTITY DEFAULT;
