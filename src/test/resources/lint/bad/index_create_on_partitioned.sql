--liquibase formatted sql
--expect index-build-blocks-writes public.event_kind_idx

--changeset lint:001
--comment CREATE INDEX: on a partitioned table it builds one on every partition, and CONCURRENTLY is not supported there.
CREATE INDEX event_kind_idx ON event (kind);

--rollback DROP INDEX event_kind_idx;
