--liquibase formatted sql
--expect vector-width-over-index-limit public.shipment_image.embedding
--expect vector-width-differs public.shipment_image.embedding

--changeset lint:001
--comment pgvector: halfvec is indexed up to 4,000 dimensions; this column has 4,096 and no index can take it as it is.
CREATE TABLE shipment_image (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    embedding halfvec(4096) NOT NULL
);
COMMENT ON TABLE shipment_image IS 'Photographs';

--rollback DROP TABLE shipment_image;
