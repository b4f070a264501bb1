--liquibase formatted sql

/* instances
SELECT c.id AS collection_id, f.key AS field
  FROM collection c
 CROSS JOIN jsonb_each_text(COALESCE(c.settings -> 'fields', '{}')) f
 WHERE f.value = 'number'
   AND to_regclass(format('"document_%s_number_%s"', c.id, f.key)) IS NOT NULL
 ORDER BY c.id, f.key
*/

--changeset template:field_number_index runInTransaction:false
--comment what a declared field's order is looked up in; parameters: collection_id, field (a name at the top of the metadata)
CREATE INDEX CONCURRENTLY "document_${collection_id}_number_${field}" ON document_${collection_id}
    ((CASE WHEN jsonb_typeof(metadata -> '${field}') = 'number' THEN (metadata -> '${field}')::numeric END));

--rollback DROP INDEX CONCURRENTLY IF EXISTS "document_${collection_id}_number_${field}";
