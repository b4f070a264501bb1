--liquibase formatted sql

--changeset lint:001
--comment CREATE TRIGGER: on a new table it slows down nobody who was fast before.
CREATE TABLE supplier (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE supplier IS 'Who we buy from';
CREATE TRIGGER supplier_touch BEFORE UPDATE ON supplier FOR EACH ROW EXECUTE FUNCTION touch();

--rollback DROP TABLE supplier;
