--liquibase formatted sql

-- Every collection may have a language. A generated column has one expression for all partitions, so a trigger
-- takes its place; what is stored stays as it is, and collections that name no language stay English. PostgreSQL
-- clones the trigger to every partition there is, and to each that is attached later.

--changeset fulltext:002
--comment the lexemes of a chunk are those of its collection's language
ALTER TABLE chunk ALTER COLUMN search DROP EXPRESSION;

CREATE FUNCTION chunk_search() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.search := to_tsvector(
        COALESCE((SELECT settings ->> 'language' FROM collection WHERE id = NEW.collection_id), 'english')::regconfig,
        NEW.text);
    RETURN NEW;
END
$$;

CREATE TRIGGER chunk_search
    BEFORE INSERT OR UPDATE OF text ON chunk
    FOR EACH ROW EXECUTE FUNCTION chunk_search();

COMMENT ON FUNCTION chunk_search() IS 'Fills chunk.search in the language of the collection';

-- The way back reads every chunk as English again.
/* liquibase rollback
DROP TRIGGER chunk_search ON chunk;
DROP FUNCTION chunk_search();
ALTER TABLE chunk DROP COLUMN search;
ALTER TABLE chunk ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED;
CREATE INDEX chunk_search_idx ON chunk USING gin (search);
COMMENT ON COLUMN chunk.search IS 'The lexemes of the text';
*/
