--liquibase formatted sql

/* instances
SELECT id AS collection_id
  FROM collection
 WHERE to_regclass(format('document_%s_metadata', id)) IS NOT NULL
 ORDER BY id
*/

--changeset template:metadata_index runInTransaction:false
--comment what equality in filters is looked up in; parameters: collection_id
CREATE INDEX CONCURRENTLY document_${collection_id}_metadata ON document_${collection_id}
    USING gin (metadata jsonb_path_ops);

--rollback DROP INDEX CONCURRENTLY IF EXISTS document_${collection_id}_metadata;
