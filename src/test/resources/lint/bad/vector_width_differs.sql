--liquibase formatted sql
--expect vector-width-differs public.shipment_image.embedding

--changeset lint:001
--comment The configured model makes vectors of 384 dimensions; a column of 768 takes none of them.
CREATE TABLE shipment_image (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding vector(768) NOT NULL
);
COMMENT ON TABLE shipment_image IS 'Photographs';

--rollback DROP TABLE shipment_image;
