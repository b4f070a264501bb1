--liquibase formatted sql
--expect long-identifier customer_who_was_referred_by_another_customer_and_not_by_an_advert

--changeset lint:001
--comment Lexical structure: an identifier is cut to 63 bytes, and a NOTICE says so.
ALTER TABLE customer ADD COLUMN customer_who_was_referred_by_another_customer_and_not_by_an_advert boolean;

--rollback ALTER TABLE customer DROP COLUMN customer_who_was_referred_by_another_customer_and_not_by_an_advert;
