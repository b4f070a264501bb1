--liquibase formatted sql

--changeset lint:001 runInTransaction:false
--comment Operator classes: text_pattern_ops serves LIKE, which the default one does not.
CREATE INDEX CONCURRENTLY customer_phone_pattern_idx ON customer (phone varchar_pattern_ops);

--rollback DROP INDEX CONCURRENTLY customer_phone_pattern_idx;
