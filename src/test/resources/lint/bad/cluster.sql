--liquibase formatted sql
--expect vacuum-full-or-cluster public.audit_log

--changeset lint:001
--comment CLUSTER: ACCESS EXCLUSIVE while the table is rewritten in the order of the index.
CLUSTER audit_log USING audit_log_at_idx;

--rollback ALTER TABLE audit_log SET WITHOUT CLUSTER;
