--liquibase formatted sql
--expect small-integer-key public.ticket.id

--changeset lint:001
--comment Integer types: smallint ends at 32,767.
CREATE TABLE ticket (id smallint PRIMARY KEY);
COMMENT ON TABLE ticket IS 'A question of a customer';

--rollback DROP TABLE ticket;
