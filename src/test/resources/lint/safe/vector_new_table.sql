--liquibase formatted sql

--changeset lint:001
--comment pgvector: a new table with its HNSW index, which grows with it.
SET LOCAL max_parallel_maintenance_workers = 0;
CREATE TABLE shipment_image (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding vector(384) NOT NULL
);
COMMENT ON TABLE shipment_image IS 'Photographs';
CREATE INDEX shipment_image_embedding_idx ON shipment_image USING hnsw (embedding vector_ip_ops);

--rollback DROP TABLE shipment_image;
