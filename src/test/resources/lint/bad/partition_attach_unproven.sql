--liquibase formatted sql
--expect partition-attach-blocks public.event

--changeset lint:001
--comment ALTER TABLE: ATTACH PARTITION scans the new partition under ACCESS EXCLUSIVE, unless a CHECK proves its bounds.
ALTER TABLE event ATTACH PARTITION event_2027 FOR VALUES FROM ('2027-01-01Z') TO ('2028-01-01Z');

--rollback ALTER TABLE event DETACH PARTITION event_2027;
