--liquibase formatted sql

--changeset lint:001
--comment ALTER TABLE: a table that was made beside the parent and attached empty holds up nobody.
CREATE TABLE event_2028 (LIKE event INCLUDING ALL);
COMMENT ON TABLE event_2028 IS 'Events of 2028';
ALTER TABLE event ATTACH PARTITION event_2028 FOR VALUES FROM ('2028-01-01Z') TO ('2029-01-01Z');

--rollback ALTER TABLE event DETACH PARTITION event_2028;
--rollback DROP TABLE event_2028;
