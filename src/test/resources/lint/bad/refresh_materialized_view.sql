--liquibase formatted sql
--expect refresh-blocks public.daily_sales

--changeset lint:001
--comment REFRESH MATERIALIZED VIEW: without CONCURRENTLY the contents are replaced under ACCESS EXCLUSIVE, and readers wait.
REFRESH MATERIALIZED VIEW daily_sales;

--rollback REFRESH MATERIALIZED VIEW daily_sales;
