--liquibase formatted sql
--expect varchar-limit public.shipment.code

--changeset lint:001
--comment Character types: text and varchar perform the same; a limit is a constraint that is hard to change.
CREATE TABLE shipment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code varchar(12) NOT NULL
);
COMMENT ON TABLE shipment IS 'What left the warehouse';

--rollback DROP TABLE shipment;
