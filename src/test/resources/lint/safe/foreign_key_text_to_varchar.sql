--liquibase formatted sql

--changeset lint:001
--comment Foreign keys: varchar and text compare with the same operator.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
CREATE INDEX shipment_sku_idx ON shipment (sku);
ALTER TABLE shipment ADD FOREIGN KEY (sku) REFERENCES product (sku);

--rollback DROP TABLE shipment;
