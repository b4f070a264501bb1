--liquibase formatted sql

--changeset lint:001
--comment CREATE TABLE: partitions of a parent that is new itself.
CREATE TABLE visit (
    page text        NOT NULL,
    at   timestamptz NOT NULL
) PARTITION BY RANGE (at);
CREATE TABLE visit_2026 PARTITION OF visit FOR VALUES FROM ('2026-01-01Z') TO ('2027-01-01Z');
COMMENT ON TABLE visit IS 'Who looked at what';
COMMENT ON TABLE visit_2026 IS 'Visits of 2026';

--rollback DROP TABLE visit;
