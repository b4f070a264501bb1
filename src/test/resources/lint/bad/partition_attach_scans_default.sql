--liquibase formatted sql
--expect partition-attach-blocks public.measurement

--changeset lint:001
--comment ALTER TABLE: with a DEFAULT partition, ATTACH scans that one under ACCESS EXCLUSIVE for rows that belong elsewhere.
ALTER TABLE measurement ATTACH PARTITION measurement_cellar FOR VALUES IN ('cellar');

--rollback ALTER TABLE measurement DETACH PARTITION measurement_cellar;
