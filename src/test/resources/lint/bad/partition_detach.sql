--liquibase formatted sql
--expect partition-detach-blocks public.event_2024

--changeset lint:001
--comment ALTER TABLE: DETACH PARTITION takes ACCESS EXCLUSIVE on the parent, CONCURRENTLY does not.
ALTER TABLE event DETACH PARTITION event_2024;

--rollback ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
