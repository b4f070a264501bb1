--liquibase formatted sql

/* instances
SELECT c.id AS collection_id, f.key AS field
  FROM collection c
 CROSS JOIN jsonb_each_text(COALESCE(c.settings -> 'fields', '{}')) f
 WHERE f.value = 'date'
   AND to_regclass(format('"document_%s_date_%s"', c.id, f.key)) IS NOT NULL
 ORDER BY c.id, f.key
*/

-- A timestamp in UTC. The casts that parse dates depend on the session, so an index cannot contain them.

--changeset template:field_date_index runInTransaction:false
--comment what a declared field's order is looked up in; parameters: collection_id, field (a name at the top of the metadata)
CREATE INDEX CONCURRENTLY "document_${collection_id}_date_${field}" ON document_${collection_id}
    ((CASE WHEN jsonb_typeof((metadata -> '${field}')) = 'string' AND (metadata -> '${field}') #>> '{}' ~ '^([0-9]{4}-(((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01]))|((0[469]|11)-(0[1-9]|[12][0-9]|30))|(02-(0[1-9]|1[0-9]|2[0-8])))|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9}){0,1}){0,1}([Zz]|[+-](0[0-9]|1[0-7]):[0-5][0-9])){0,1}$' AND left((metadata -> '${field}') #>> '{}', 4) <> '0000'
         THEN make_timestamp(left((metadata -> '${field}') #>> '{}', 4)::int, substr((metadata -> '${field}') #>> '{}', 6, 2)::int, substr((metadata -> '${field}') #>> '{}', 9, 2)::int,
         substr(rpad((metadata -> '${field}') #>> '{}', 16, 'T00:00'), 12, 2)::int, substr(rpad((metadata -> '${field}') #>> '{}', 16, 'T00:00'), 15, 2)::int,
         COALESCE(substring((metadata -> '${field}') #>> '{}', '^.{16}:([0-9]{2}([.][0-9]{1,6}){0,1})')::double precision, 0))
         - make_interval(0, 0, 0, 0, COALESCE(substring((metadata -> '${field}') #>> '{}', 'T.*([+-][0-9]{2}):')::int, 0),
         COALESCE((substring((metadata -> '${field}') #>> '{}', 'T.*([+-])[0-9]{2}:') || substring((metadata -> '${field}') #>> '{}', ':([0-9]{2})$'))::int, 0)) END));

--rollback DROP INDEX CONCURRENTLY IF EXISTS "document_${collection_id}_date_${field}";
