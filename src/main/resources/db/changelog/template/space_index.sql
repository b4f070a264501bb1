--liquibase formatted sql

/* instances
SELECT id AS space_id,
       index,
       replace(CASE built WHEN 'full' THEN 'vector::vector(D)'
                          WHEN 'half' THEN 'vector::halfvec(D)'
                          ELSE 'binary_quantize(vector)::bit(D)' END, 'D', dimensions::text) AS element,
       CASE built WHEN 'full' THEN 'vector_' || metric_name
                  WHEN 'half' THEN 'halfvec_' || metric_name
                  ELSE 'bit_hamming' END || '_ops' AS operator_class,
       substring(options FROM '\mm=([0-9]+)')::int AS m,
       substring(options FROM 'ef_construction=([0-9]+)')::int AS ef_construction
  FROM (SELECT s.*,
               'embedding_' || s.id || '_' || s.index_method || n.suffix AS index,
               -- The space has the precision of the index that serves. One that takes its place, and one that is
               -- replaced, may have another.
               CASE WHEN n.suffix = '' THEN s."precision"
                    WHEN o.opcname LIKE 'vector%' THEN 'full'
                    WHEN o.opcname LIKE 'halfvec%' THEN 'half'
                    ELSE 'binary' END AS built,
               CASE metric WHEN 'inner_product' THEN 'ip' ELSE metric END AS metric_name,
               array_to_string(c.reloptions, ',') AS options
          FROM embedding_space s
         CROSS JOIN (VALUES (''), ('_next'), ('_old')) n (suffix)
          JOIN pg_class c ON c.oid = to_regclass('embedding_' || s.id || '_' || s.index_method || n.suffix)
          JOIN pg_index i ON i.indexrelid = c.oid
          JOIN pg_opclass o ON o.oid = i.indclass[0]
         WHERE s.index_method = 'hnsw') indexed
 ORDER BY id, index
*/

--changeset template:space_index runInTransaction:false
--comment an HNSW index of one space, the one that serves or the one that takes its place; parameters: space_id, index (its name), element (the typed vector), operator_class, m, ef_construction
CREATE INDEX CONCURRENTLY ${index} ON embedding_${space_id}
    USING hnsw ((${element}) ${operator_class}) WITH (m = ${m}, ef_construction = ${ef_construction});

--rollback DROP INDEX CONCURRENTLY IF EXISTS ${index};
