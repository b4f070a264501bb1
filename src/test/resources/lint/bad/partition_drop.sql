--liquibase formatted sql
--expect partition-detach-blocks public.event_2024
--expect dropped-table public.event_2024

--changeset lint:001
--comment CREATE TABLE: dropping a partition with DROP TABLE requires ACCESS EXCLUSIVE on the parent.
DROP TABLE event_2024;

--rollback CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01Z') TO ('2025-01-01Z');
