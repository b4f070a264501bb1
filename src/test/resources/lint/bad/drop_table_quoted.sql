--liquibase formatted sql
--expect dropped-table public.Order Items

--changeset lint:001
--comment DROP TABLE, with a name in quotes and others on the same line.
SELECT 1; DROP TABLE "Order Items"; SELECT 2;

--rollback CREATE TABLE "Order Items" ("Id" bigint);
