--liquibase formatted sql
--expect replica-identity-lost public.booking
--expect dropped-constraint public.booking.booking_pkey

--changeset lint:001
--comment Logical replication: the default identity is the primary key.
ALTER TABLE booking DROP CONSTRAINT booking_pkey;

--rollback ALTER TABLE booking ADD CONSTRAINT booking_pkey PRIMARY KEY (id);
