--liquibase formatted sql
--expect dropped-view public.daily_sales

--changeset lint:001
--comment DROP MATERIALIZED VIEW: whoever reads it fails.
DROP MATERIALIZED VIEW daily_sales;

--rollback CREATE MATERIALIZED VIEW daily_sales AS SELECT 1;
