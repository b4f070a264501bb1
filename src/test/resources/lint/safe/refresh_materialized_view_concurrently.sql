--liquibase formatted sql

--changeset lint:001
--comment REFRESH MATERIALIZED VIEW CONCURRENTLY: without locking out concurrent selects.
REFRESH MATERIALIZED VIEW CONCURRENTLY daily_sales;

--rollback empty because it is an example
