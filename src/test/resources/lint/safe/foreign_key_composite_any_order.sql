--liquibase formatted sql

--changeset lint:001
--comment Foreign keys: an index over both columns serves the key in whichever order.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line integer NOT NULL,
    order_id bigint NOT NULL,
    FOREIGN KEY (order_id, line) REFERENCES order_line
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
CREATE INDEX shipment_line_idx ON shipment (line, order_id);

--rollback DROP TABLE shipment;
