--liquibase formatted sql
--expect dropped-table public.booking

--changeset lint:001
--comment DROP TABLE, its text put together at run time.
DO $body$
DECLARE victim text := reverse('gnikoob');
BEGIN
    EXECUTE format('DR%s %s %I', 'OP', 'TABLE', victim);
END $body$;

--rollback CREATE TABLE booking (id bigint);
