--liquibase formatted sql

--changeset lint:001
--comment CREATE POLICY: on a new table.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner text NOT NULL
);
COMMENT ON TABLE shipment IS 'What left the warehouse';
ALTER TABLE shipment ENABLE ROW LEVEL SECURITY;
CREATE POLICY shipment_owner ON shipment USING (owner = current_user);

--rollback DROP TABLE shipment;
