-- One Broker's account: what its strategies wanted, what was ordered and filled, and the books.
-- It is run once in each Broker's own schema. Money is integer paise; `data` holds the event itself.

-- What a task remembers between two lives: its state after exactly the records below `offsets`.
CREATE TABLE snapshots (
    service    text        NOT NULL,
    task       text        NOT NULL,
    epoch      bigint,              -- the last closed epoch; none in a live run
    offsets    jsonb       NOT NULL,  -- next offset to read, by input topic and partition
    outputs    jsonb       NOT NULL,  -- end offset, by output topic and partition
    state      bytea       NOT NULL,
    finished   boolean     NOT NULL,  -- the replay has ended for this task
    written_at timestamptz NOT NULL,
    PRIMARY KEY (service, task)
);

-- A raw signal is one row, its verdict another with its own id and the raw signal's in `signal_id`.
CREATE TABLE signals (
    id               uuid        PRIMARY KEY,
    signal_id        uuid        NOT NULL,
    stage            text        NOT NULL CHECK (stage IN ('raw', 'validated', 'rejected')),
    strategy         text        NOT NULL,
    instrument_token bigint      NOT NULL,
    event_time       timestamptz NOT NULL,
    data             jsonb       NOT NULL
);
CREATE INDEX signals_by_signal ON signals (signal_id);
CREATE INDEX signals_by_time ON signals (event_time);

-- An order as its latest event left it; `order_sequence` is that event's, so that an older one changes nothing.
CREATE TABLE orders (
    order_id            uuid        PRIMARY KEY,
    order_sequence      bigint      NOT NULL,
    signal_id           uuid        NOT NULL,
    strategy            text        NOT NULL,
    instrument_token    bigint      NOT NULL,
    leg                 text        NOT NULL,
    side                text        NOT NULL,
    quantity            bigint      NOT NULL CHECK (quantity > 0),
    order_type          text        NOT NULL,
    status              text        NOT NULL,
    filled_quantity     bigint      NOT NULL DEFAULT 0 CHECK (filled_quantity >= 0),
    filled_value_paise  bigint      NOT NULL DEFAULT 0,  -- sum of quantity x price; the average is exact from it
    submitted_at        timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL,
    data                jsonb       NOT NULL
);
CREATE INDEX orders_by_signal ON orders (signal_id);
CREATE INDEX orders_by_time ON orders (submitted_at);

CREATE TABLE fills (
    id               uuid        PRIMARY KEY,
    order_id         uuid        NOT NULL,
    strategy         text        NOT NULL,
    instrument_token bigint      NOT NULL,
    side             text        NOT NULL,
    quantity         bigint      NOT NULL CHECK (quantity > 0),
    price_paise      bigint      NOT NULL CHECK (price_paise > 0),
    charges_paise    bigint      NOT NULL,
    event_time       timestamptz NOT NULL,
    data             jsonb       NOT NULL
);
CREATE INDEX fills_by_order ON fills (order_id);
CREATE INDEX fills_by_time ON fills (event_time);

-- Double entry: the entries of one `id` (one cause) add up to zero.
CREATE TABLE ledger (
    id           uuid        NOT NULL,
    entry        smallint    NOT NULL,
    account      text        NOT NULL,
    amount_paise bigint      NOT NULL,
    event_time   timestamptz NOT NULL,
    cause        uuid        NOT NULL,  -- the event that was booked
    description  text        NOT NULL,
    PRIMARY KEY (id, entry)
);
CREATE INDEX ledger_by_account ON ledger (account, event_time);
CREATE INDEX ledger_by_cause ON ledger (cause);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;
REVOKE ALL ON FUNCTION refuse_rewriting() FROM PUBLIC;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
