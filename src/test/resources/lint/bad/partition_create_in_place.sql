--liquibase formatted sql
--expect partition-attach-blocks public.event

--changeset lint:001
--comment CREATE TABLE: PARTITION OF takes ACCESS EXCLUSIVE on the parent; ATTACH PARTITION takes a weaker lock.
CREATE TABLE event_2028 PARTITION OF event FOR VALUES FROM ('2028-01-01Z') TO ('2029-01-01Z');
COMMENT ON TABLE event_2028 IS 'Events of 2028';

--rollback DROP TABLE event_2028;
