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

-- The extension stays: an administrator may have created it, and other tables may need it. Citus makes new tables, without
-- the comments.
/* liquibase rollback
DO $$
BEGIN
    IF EXISTS (SELECT FROM collection) THEN
        RAISE EXCEPTION 'there are collections, and only an empty database can be brought back to one server'
            USING HINT = 'export them, and upload them into a database without Citus';
    END IF;
END
$$;
SELECT undistribute_table('embedding_half');
SELECT undistribute_table('embedding');
SELECT undistribute_table('chunk');
SELECT undistribute_table('document');
COMMENT ON TABLE document IS 'What a client sent, one partition per collection; its text lives in its chunks';
COMMENT ON COLUMN document.collection_id IS 'The collection it belongs to';
COMMENT ON COLUMN document.id IS 'UUID version 8 of collection and external id, so that an upsert needs no lookup';
COMMENT ON COLUMN document.external_id IS 'The client''s own id, any characters, up to 512 bytes';
COMMENT ON COLUMN document.title IS 'Shown with a hit';
COMMENT ON COLUMN document.uri IS 'Where the original lives';
COMMENT ON COLUMN document.mime_type IS 'The kind of the original';
COMMENT ON COLUMN document.metadata IS 'The client''s own fields';
COMMENT ON COLUMN document.content_hash IS 'SHA-256 of the text and of how it was split; equal means nothing has to be embedded again';
COMMENT ON COLUMN document.created_at IS 'When it was first stored';
COMMENT ON COLUMN document.updated_at IS 'When its content, title, uri or metadata last changed';
COMMENT ON TABLE chunk IS 'As much of a document as the model reads at once, one partition per collection';
COMMENT ON COLUMN chunk.collection_id IS 'The collection of its document';
COMMENT ON COLUMN chunk.document_id IS 'Its document; the partition references the partition of document and is deleted with it';
COMMENT ON COLUMN chunk.ordinal IS 'Position in the document, from 0';
COMMENT ON COLUMN chunk.text IS 'The text as it stands in the document';
COMMENT ON COLUMN chunk.token_count IS 'Length in the tokens of the model that splits this collection';
COMMENT ON COLUMN chunk.start_offset IS 'Where it starts in the document, in UTF-16 code units';
COMMENT ON COLUMN chunk.end_offset IS 'Where it ends in the document, exclusive, in UTF-16 code units';
COMMENT ON COLUMN chunk.title IS 'The title of its document, in a collection whose titles are searched with the texts';
COMMENT ON COLUMN chunk.search IS 'The lexemes of the text';
COMMENT ON TABLE embedding IS 'One chunk as a vector in one space, one partition per space';
COMMENT ON COLUMN embedding.space_id IS 'The space; not the first column of the key, because a deleted chunk looks its embeddings up without it';
COMMENT ON COLUMN embedding.collection_id IS 'The collection, so that the partition can reference its chunk and is deleted with it';
COMMENT ON COLUMN embedding.document_id IS 'The document of the chunk';
COMMENT ON COLUMN embedding.ordinal IS 'The chunk''s position in the document';
COMMENT ON COLUMN embedding.vector IS 'The embedding; each partition locks its width with a CHECK';
COMMENT ON TABLE embedding_half IS 'One chunk as a vector in one space, one partition per space that stores half precision';
COMMENT ON COLUMN embedding_half.space_id IS 'The space; not the first column of the key, because a deleted chunk looks its embeddings up without it';
COMMENT ON COLUMN embedding_half.collection_id IS 'The collection, so that the partition can reference its chunk and is deleted with it';
COMMENT ON COLUMN embedding_half.document_id IS 'The document of the chunk';
COMMENT ON COLUMN embedding_half.ordinal IS 'The chunk''s position in the document';
COMMENT ON COLUMN embedding_half.vector IS 'The embedding, 16 bits per dimension; each partition locks its width with a CHECK';
CREATE TRIGGER chunk_search
    BEFORE INSERT OR UPDATE OF text, title ON chunk
    FOR EACH ROW EXECUTE FUNCTION chunk_search();
*/
