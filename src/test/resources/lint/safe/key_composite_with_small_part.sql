--liquibase formatted sql

--changeset lint:001
--comment Integer types: the place within its parent is an integer for good reason.
CREATE TABLE shipment_item (
    shipment_id bigint  NOT NULL,
    place       integer NOT NULL,
    CONSTRAINT shipment_item_pkey PRIMARY KEY (shipment_id, place)
);
COMMENT ON TABLE shipment_item IS 'What is in a shipment';

--rollback DROP TABLE shipment_item;
