--liquibase formatted sql

--changeset lint:001
--comment CREATE INDEX: on a table that the same transaction made, nobody waits.
CREATE TABLE parcel (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id  bigint NOT NULL REFERENCES orders,
    weight    integer
);
CREATE INDEX parcel_order_id_idx ON parcel (order_id);
CREATE INDEX parcel_weight_idx ON parcel (weight);
DROP INDEX parcel_weight_idx;
COMMENT ON TABLE parcel IS 'What leaves the warehouse';

--rollback DROP TABLE parcel;
