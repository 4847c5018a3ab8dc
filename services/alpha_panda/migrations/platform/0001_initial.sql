-- What people have asked for: the resources as they are now, and every change that made them so.
-- Money is integer paise, time is UTC with its zone.

CREATE TABLE resources (
    kind        text        NOT NULL,
    name        text        NOT NULL,
    uid         uuid        NOT NULL,
    generation  bigint      NOT NULL CHECK (generation > 0),  -- grows with each change of spec
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    changed_by  text        NOT NULL,
    labels      jsonb       NOT NULL DEFAULT '{}',
    annotations jsonb       NOT NULL DEFAULT '{}',
    spec        jsonb       NOT NULL,
    PRIMARY KEY (kind, name),
    UNIQUE (uid)
);

CREATE TABLE resource_changes (
    version    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    name       text        NOT NULL,
    uid        uuid        NOT NULL,
    generation bigint      NOT NULL,
    action     text        NOT NULL CHECK (action IN ('created', 'configured', 'deleted')),
    changed_by text        NOT NULL,
    changed_at timestamptz NOT NULL,
    spec       jsonb       NOT NULL  -- as it is after the change; of a deleted resource as it was last
);
CREATE INDEX resource_changes_of_one ON resource_changes (kind, name, version);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
REVOKE ALL ON FUNCTION refuse_rewriting() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON resource_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
