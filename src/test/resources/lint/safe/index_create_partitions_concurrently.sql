--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment CREATE INDEX: ON ONLY the parent builds nothing; each partition gets its own concurrently, then is attached.
CREATE INDEX event_kind_idx ON ONLY event (kind);
CREATE INDEX CONCURRENTLY event_2024_kind_idx ON event_2024 (kind);
CREATE INDEX CONCURRENTLY event_2025_kind_idx ON event_2025 (kind);
ALTER INDEX event_kind_idx ATTACH PARTITION event_2024_kind_idx;
ALTER INDEX event_kind_idx ATTACH PARTITION event_2025_kind_idx;

--rollback DROP INDEX event_kind_idx;
