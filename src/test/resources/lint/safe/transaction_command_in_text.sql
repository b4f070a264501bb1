--liquibase formatted sql

--changeset lint:001
--comment COMMIT in a string, in a comment and in the body of a procedure that nobody calls.
-- COMMIT;
CREATE PROCEDURE sweep() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM audit_log WHERE at < now() - interval '1 year';
    COMMIT;
END $$;
COMMENT ON PROCEDURE sweep() IS 'COMMIT; ROLLBACK;';

--rollback DROP PROCEDURE sweep();
