--liquibase formatted sql
--expect whole-table-write public.customer

--changeset lint:001
--comment UPDATE: every row is locked and written again in one transaction.
UPDATE customer SET phone = '0' || phone;

--rollback empty because it is an example
