--liquibase formatted sql

--changeset fulltext:003
--comment the lexemes of a chunk are also those of its title
CREATE OR REPLACE FUNCTION chunk_search() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    language regconfig := COALESCE((SELECT settings ->> 'language' FROM collection WHERE id = NEW.collection_id),
                                   'english');
BEGIN
    NEW.search := to_tsvector(language, NEW.text);
    IF NEW.title IS NOT NULL THEN
        NEW.search := to_tsvector(language, NEW.title) || NEW.search;
    END IF;
    RETURN NEW;
END
$$;

-- The function reads the title, which PostgreSQL does not know. The trigger tells it, so that the column cannot be
-- dropped beneath it.
CREATE OR REPLACE TRIGGER chunk_search
    BEFORE INSERT OR UPDATE OF text, title ON chunk
    FOR EACH ROW EXECUTE FUNCTION chunk_search();

-- The way back leaves the lexemes of titles that are stored.
/* liquibase rollback
CREATE OR REPLACE TRIGGER chunk_search
    BEFORE INSERT OR UPDATE OF text ON chunk
    FOR EACH ROW EXECUTE FUNCTION chunk_search();
CREATE OR REPLACE FUNCTION chunk_search() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.search := to_tsvector(
        COALESCE((SELECT settings ->> 'language' FROM collection WHERE id = NEW.collection_id), 'english')::regconfig,
        NEW.text);
    RETURN NEW;
END
$$;
*/
