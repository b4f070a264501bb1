--liquibase formatted sql

--changeset fulltext:004
--comment a chunk that comes with its lexemes keeps them
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

/* liquibase rollback
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
*/
