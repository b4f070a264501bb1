--liquibase formatted sql

/* instances
SELECT c.id AS collection_id, f.key AS field
  FROM collection c
 CROSS JOIN jsonb_each_text(COALESCE(c.settings -> 'fields', '{}')) f
 WHERE f.value = 'text'
   AND to_regclass(format('"document_%s_text_%s"', c.id, f.key)) IS NOT NULL
 ORDER BY c.id, f.key
*/

-- No more of a text than an entry of the index can hold, whatever its characters.

--changeset template:field_text_index runInTransaction:false
--comment what a declared field's order is looked up in; parameters: collection_id, field (a name at the top of the metadata)
CREATE INDEX CONCURRENTLY "document_${collection_id}_text_${field}" ON document_${collection_id}
    (left(CASE WHEN jsonb_typeof(metadata -> '${field}') = 'string' THEN (metadata -> '${field}') #>> '{}' END COLLATE "C", 600));

--rollback DROP INDEX CONCURRENTLY IF EXISTS "document_${collection_id}_text_${field}";
