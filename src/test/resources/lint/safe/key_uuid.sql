--liquibase formatted sql

--changeset lint:001
--comment UUID type: a key that does not run out.
CREATE TABLE ticket (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
COMMENT ON TABLE ticket IS 'A question of a customer';

--rollback DROP TABLE ticket;
