--liquibase formatted sql
--expect dropped-column public.event.kind

--changeset lint:001
--comment ALTER TABLE: the column of the parent is that of its partitions.
ALTER TABLE event DROP COLUMN kind;

--rollback ALTER TABLE event ADD COLUMN kind text;
