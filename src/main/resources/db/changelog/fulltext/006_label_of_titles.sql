--liquibase formatted sql

--changeset fulltext:006
--comment the lexemes of a title have the label A, so that a search can weigh them
CREATE OR REPLACE FUNCTION chunk_search() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    language regconfig;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.search IS NOT NULL THEN
        RETURN NEW;
    END IF;
    language := COALESCE((SELECT settings ->> 'language' FROM collection WHERE id = NEW.collection_id), 'english');
    NEW.search := to_tsvector(language, NEW.text);
    IF NEW.title IS NOT NULL THEN
        NEW.search := setweight(to_tsvector(language, NEW.title), 'A') || NEW.search;
    END IF;
    RETURN NEW;
END
$$;

-- Neither way changes the lexemes that are stored.
/* liquibase rollback
CREATE OR REPLACE FUNCTION chunk_search() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    language regconfig;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.search IS NOT NULL THEN
        RETURN NEW;
    END IF;
    language := COALESCE((SELECT settings ->> 'language' FROM collection WHERE id = NEW.collection_id), 'english');
    NEW.search := to_tsvector(language, NEW.text);
    IF NEW.title IS NOT NULL THEN
        NEW.search := to_tsvector(language, NEW.title) || NEW.search;
    END IF;
    RETURN NEW;
END
$$;
*/
