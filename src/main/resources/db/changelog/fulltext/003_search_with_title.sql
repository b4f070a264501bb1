--liquibase formatted sql

-- The trigger stays as it is: a chunk is never updated, only replaced.

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

-- The way back leaves the lexemes of titles that are stored.
/* liquibase rollback
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
