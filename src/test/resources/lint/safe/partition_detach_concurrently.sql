--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment ALTER TABLE: DETACH PARTITION ... CONCURRENTLY takes SHARE UPDATE EXCLUSIVE on the parent.
ALTER TABLE event DETACH PARTITION event_2024 CONCURRENTLY;

--rollback ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
