--liquibase formatted sql

--changeset lint:001
--comment GRANT: who may do what changes no object.
GRANT SELECT ON orders TO PUBLIC;
REVOKE INSERT ON orders FROM PUBLIC;

--rollback REVOKE SELECT ON orders FROM PUBLIC;
