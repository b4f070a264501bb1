--liquibase formatted sql

--changeset lint:001
--comment Lexical structure: 63 bytes are kept whole.
ALTER TABLE customer ADD COLUMN customer_who_was_referred_by_another_customer_and_not_by_an_adv boolean;

--rollback ALTER TABLE customer DROP COLUMN customer_who_was_referred_by_another_customer_and_not_by_an_adv;
