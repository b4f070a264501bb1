--liquibase formatted sql
--expect set-not-null-scans public.Order Items.Quantity

--changeset lint:001
--comment ALTER TABLE: a CHECK that is NOT VALID proves nothing; quoted identifiers.
ALTER TABLE "Order Items" ADD CONSTRAINT "Order Items_Quantity" CHECK ("Quantity" IS NOT NULL) NOT VALID;
ALTER TABLE "Order Items" ALTER COLUMN "Quantity" SET NOT NULL;

--rollback ALTER TABLE "Order Items" ALTER COLUMN "Quantity" DROP NOT NULL;
--rollback ALTER TABLE "Order Items" DROP CONSTRAINT "Order Items_Quantity";
