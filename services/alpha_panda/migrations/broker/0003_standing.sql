-- What the account may do at present, and which breakers and pauses keep it from more: one row of the risk manager's,
-- written again when it changes. Nothing is decided by it; people read it.
CREATE TABLE standing (
    service    text        PRIMARY KEY,
    as_of      timestamptz NOT NULL,  -- event time
    written_at timestamptz NOT NULL,
    data       jsonb       NOT NULL
);
