--liquibase formatted sql
--requires fulltext
--opt-in it needs the servers of a Citus cluster

-- What belongs to a document is on one shard, so that a document is written and read on one server, and each shard ranks
-- its own chunks. All other tables are small, and stay on the coordinator: a copy of them on each server would let one
-- server that is down stop all writes.

--changeset citus:001
--comment documents, chunks and embeddings are distributed over the servers of a Citus cluster
CREATE EXTENSION IF NOT EXISTS citus;

DO $$
BEGIN
    IF EXISTS (SELECT FROM collection) THEN
        RAISE EXCEPTION 'there are collections, and only an empty database can be distributed'
            USING HINT = 'export them, and upload them into a new database on the Citus cluster';
    END IF;
END
$$;

-- A trigger would have to read the language of the collection on each server. The service finds the words instead.
DROP TRIGGER chunk_search ON chunk;

SELECT create_distributed_table('document', 'id');
SELECT create_distributed_table('chunk', 'document_id', colocate_with => 'document');
SELECT create_distributed_table('embedding', 'document_id', colocate_with => 'document');
SELECT create_distributed_table('embedding_half', 'document_id', colocate_with => 'document');

-- The extension stays: an administrator may have created it, and other tables may need it.
/* liquibase rollback
SELECT undistribute_table('embedding_half');
SELECT undistribute_table('embedding');
SELECT undistribute_table('chunk', cascade_via_foreign_keys => true);
CREATE TRIGGER chunk_search
    BEFORE INSERT OR UPDATE OF text, title ON chunk
    FOR EACH ROW EXECUTE FUNCTION chunk_search();
*/
