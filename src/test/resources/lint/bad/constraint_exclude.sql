--liquibase formatted sql
--expect unique-built-under-lock public.booking.booking_during_excl

--changeset lint:001
--comment ALTER TABLE: ADD EXCLUDE builds its index under ACCESS EXCLUSIVE, and has no way around.
ALTER TABLE booking ADD CONSTRAINT booking_during_excl EXCLUDE USING gist (during WITH &&);

--rollback ALTER TABLE booking DROP CONSTRAINT booking_during_excl;
