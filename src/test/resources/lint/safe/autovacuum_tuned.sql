--liquibase formatted sql

--changeset lint:001
--comment Storage parameters: more eager autovacuum is the opposite of none.
ALTER TABLE audit_log SET (autovacuum_vacuum_scale_factor = 0.01, fillfactor = 90);

--rollback ALTER TABLE audit_log RESET (autovacuum_vacuum_scale_factor, fillfactor);
