--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a valid CHECK that matches the bounds makes ATTACH skip the scan; the parent is under SHARE UPDATE EXCLUSIVE.
ALTER TABLE event ATTACH PARTITION event_2026 FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z');

--rollback ALTER TABLE event DETACH PARTITION event_2026;
