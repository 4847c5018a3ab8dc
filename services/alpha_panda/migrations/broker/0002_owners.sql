-- Who owns each task, by a number that every takeover raises: of two copies of a service only the later one may write.
CREATE TABLE owners (
    service   text        NOT NULL,
    task      text        NOT NULL,
    fence     bigint      NOT NULL CHECK (fence > 0),
    owner     text        NOT NULL,                -- host and process id, for people
    taken_at  timestamptz NOT NULL,
    seen_at   timestamptz NOT NULL,                -- the owner says each second that it is alive
    contested boolean     NOT NULL DEFAULT false,  -- the owner before was alive when it was replaced
    PRIMARY KEY (service, task)
);

-- The claims on the log that records behind a snapshot's offsets are measured by.
ALTER TABLE snapshots ADD COLUMN fences jsonb NOT NULL DEFAULT '{}';
