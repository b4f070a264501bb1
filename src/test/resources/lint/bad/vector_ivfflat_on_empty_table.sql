--liquibase formatted sql
--expect ivfflat-on-empty-table public.shipment_image_embedding_idx

--changeset lint:001
--comment pgvector: create an IVFFlat index after the table has some data; its lists are the clusters of what is there.
CREATE TABLE shipment_image (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding vector(384) NOT NULL
);
COMMENT ON TABLE shipment_image IS 'Photographs';
CREATE INDEX shipment_image_embedding_idx ON shipment_image USING ivfflat (embedding vector_cosine_ops);

--rollback DROP TABLE shipment_image;
