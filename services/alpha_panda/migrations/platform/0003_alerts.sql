-- What people should hear of, where they are told, and what became of each message. `at` columns of alerts are event
-- times, UTC; those of deliveries are wall time.

CREATE TABLE alerts (
    id              uuid        PRIMARY KEY,
    key             text        NOT NULL,              -- one condition of a key at a time
    kind            text        NOT NULL,
    priority        text        NOT NULL CHECK (priority IN ('critical', 'high', 'normal', 'low')),
    title           text        NOT NULL,
    text            text        NOT NULL,
    state           text        NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    broker          text,
    strategy        text,
    count           bigint      NOT NULL CHECK (count > 0),
    level           bigint      NOT NULL,
    raised_at       timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    last_cause      text        NOT NULL,              -- the event that changed it last; the same one changes nothing
    resolved_at     timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    written_at      timestamptz NOT NULL               -- wall time of the first writing: the order of lists
);
CREATE INDEX alerts_by_key ON alerts (key, written_at);
CREATE INDEX alerts_by_time ON alerts (written_at, id);
CREATE UNIQUE INDEX alerts_going_on ON alerts (key) WHERE state <> 'resolved';

CREATE TABLE channels (
    name       text        PRIMARY KEY,
    address    bytea       NOT NULL,                   -- apprise's URL with its passwords, encrypted
    origin     text        NOT NULL CHECK (origin IN ('person', 'settings')),
    settings   jsonb       NOT NULL,                   -- what it wants to hear, and when
    changed_at timestamptz NOT NULL,
    changed_by text        NOT NULL
);

-- One row for each thing to tell on each channel; a row that is sent is never sent again.
CREATE TABLE deliveries (
    alert_id   uuid        NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    occasion   text        NOT NULL,                   -- raised, resolved, test
    channel    text        NOT NULL REFERENCES channels (name) ON DELETE CASCADE,
    state      text        NOT NULL
        CHECK (state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'dropped')),
    attempts   integer     NOT NULL DEFAULT 0,
    due_at     timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    reason     text        NOT NULL DEFAULT '',
    PRIMARY KEY (alert_id, occasion, channel)
);
CREATE INDEX deliveries_waiting ON deliveries (channel, due_at) WHERE state IN ('pending', 'sending');
CREATE INDEX deliveries_by_time ON deliveries (channel, changed_at);

-- How far the commands of a bot were read, so that a restart does not do one twice.
CREATE TABLE command_offsets (
    channel     text   PRIMARY KEY REFERENCES channels (name) ON DELETE CASCADE,
    next_update bigint NOT NULL
);
