--liquibase formatted sql
--expect vector-width-over-index-limit
--expect vector-width-differs public.shipment_image.embedding

--changeset lint:001
--comment pgvector: an HNSW index takes vectors of up to 2,000 dimensions; the statement fails.
CREATE TABLE shipment_image (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding vector(3072) NOT NULL
);
COMMENT ON TABLE shipment_image IS 'Photographs';
CREATE INDEX shipment_image_embedding_idx ON shipment_image USING hnsw (embedding vector_cosine_ops);

--rollback DROP TABLE shipment_image;
