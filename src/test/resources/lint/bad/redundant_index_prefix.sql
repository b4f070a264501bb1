--liquibase formatted sql
--expect redundant-index public.order_line_order_id_idx

--changeset lint:001 runInTransaction:false
--comment Multicolumn indexes: the primary key (order_id, line) serves order_id alone.
CREATE INDEX CONCURRENTLY order_line_order_id_idx ON order_line (order_id);

--rollback DROP INDEX CONCURRENTLY order_line_order_id_idx;
