--liquibase formatted sql

-- Triggers bind whoever is not the owner, and keep the owner, as whom the service runs, from doing it by mistake or by
-- injected SQL. Who owns a table can switch its triggers off; that is how old rows go where they have to.

--changeset audit:001
--comment who did what, append only
CREATE TABLE audit_event (
    id         bigint      GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text        NOT NULL,
    action     text        NOT NULL,
    object     text        NOT NULL,
    details    jsonb       NOT NULL DEFAULT '{}',
    request_id text,
    address    text,
    CONSTRAINT audit_event_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_event_at_idx ON audit_event (at, id);

CREATE FUNCTION audit_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_event_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

COMMENT ON TABLE    audit_event            IS 'Who did what; rows are added and never changed';
COMMENT ON COLUMN   audit_event.id         IS 'In the order in which they were recorded';
COMMENT ON COLUMN   audit_event.at         IS 'When, by the server''s clock';
COMMENT ON COLUMN   audit_event.actor      IS 'Who: key:<id>, oidc:<name>, process:<user@host/pid>, anybody (open access), service';
COMMENT ON COLUMN   audit_event.action     IS 'What, such as collection.dropped';
COMMENT ON COLUMN   audit_event.object     IS 'To what';
COMMENT ON COLUMN   audit_event.details    IS 'How; neither secrets nor what documents say';
COMMENT ON COLUMN   audit_event.request_id IS 'The request it was done by, as the log has it';
COMMENT ON COLUMN   audit_event.address    IS 'Where that came from';
COMMENT ON FUNCTION audit_append_only()    IS 'Refuses to change or remove what was recorded';

/* liquibase rollback
DROP TABLE audit_event;
DROP FUNCTION audit_append_only();
*/
