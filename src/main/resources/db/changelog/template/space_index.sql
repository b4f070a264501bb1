--liquibase formatted sql

/* instances
SELECT id AS space_id,
       'embedding_' || id || '_hnsw' AS index,
       replace(CASE "precision" WHEN 'full' THEN 'vector::vector(D)'
                                WHEN 'half' THEN 'vector::halfvec(D)'
                                ELSE 'binary_quantize(vector)::bit(D)' END, 'D', dimensions::text) AS element,
       CASE "precision" WHEN 'full' THEN 'vector_' || metric_name
                        WHEN 'half' THEN 'halfvec_' || metric_name
                        ELSE 'bit_hamming' END || '_ops' AS operator_class,
       substring(options FROM '\mm=([0-9]+)')::int AS m,
       substring(options FROM 'ef_construction=([0-9]+)')::int AS ef_construction
  FROM (SELECT s.*,
               CASE metric WHEN 'inner_product' THEN 'ip' ELSE metric END AS metric_name,
               array_to_string(c.reloptions, ',') AS options
          FROM embedding_space s
          JOIN pg_class c ON c.oid = to_regclass('embedding_' || s.id || '_hnsw')) indexed
 ORDER BY id
*/

--changeset template:space_index runInTransaction:false
--comment an HNSW index of one space, the one that serves or the one that takes its place; parameters: space_id, index (its name), element (the typed vector), operator_class, m, ef_construction
CREATE INDEX CONCURRENTLY ${index} ON embedding_${space_id}
    USING hnsw ((${element}) ${operator_class}) WITH (m = ${m}, ef_construction = ${ef_construction});

--rollback DROP INDEX CONCURRENTLY IF EXISTS ${index};
