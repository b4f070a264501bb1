--liquibase formatted sql

--changeset core:001
--comment pgvector: the vector types, their distance operators, and the HNSW index
CREATE EXTENSION IF NOT EXISTS vector;

-- An extension that an administrator created belongs to the administrator, and stays.
--rollback DO $$ BEGIN IF EXISTS (SELECT FROM pg_extension WHERE extname = 'vector' AND pg_has_role(extowner, 'USAGE')) THEN DROP EXTENSION vector; END IF; END $$;
