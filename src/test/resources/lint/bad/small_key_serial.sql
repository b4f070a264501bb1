--liquibase formatted sql
--expect small-integer-key public.ticket.id

--changeset lint:001
--comment Serial types: serial is an integer, and ends at 2,147,483,647.
CREATE TABLE ticket (id serial PRIMARY KEY);
COMMENT ON TABLE ticket IS 'A question of a customer';

--rollback DROP TABLE ticket;
