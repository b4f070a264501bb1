--liquibase formatted sql

--changeset core:008
--comment what is read with the text of a chunk
ALTER TABLE chunk ADD COLUMN title text;

COMMENT ON COLUMN chunk.title IS 'The title of its document, in a collection whose titles are searched with the texts';

--rollback ALTER TABLE chunk DROP COLUMN title;
