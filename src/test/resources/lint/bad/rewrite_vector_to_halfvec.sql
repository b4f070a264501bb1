--liquibase formatted sql
--expect table-rewrite public.passage

--changeset lint:001
--comment pgvector: vector and halfvec are stored differently; the cast computes every value anew.
ALTER TABLE passage ALTER COLUMN embedding TYPE halfvec(384);

--rollback ALTER TABLE passage ALTER COLUMN embedding TYPE vector;
