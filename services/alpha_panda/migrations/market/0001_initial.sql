-- The market as it was seen, shared by all Brokers. Prices are integer paise, times exchange time in UTC.

CREATE TABLE ticks (
    instrument_token bigint      NOT NULL,
    event_time       timestamptz NOT NULL,
    sequence         bigint      NOT NULL,  -- of the instrument; tells ticks of one instant apart
    price_paise      bigint      NOT NULL CHECK (price_paise > 0),
    volume           bigint      CHECK (volume >= 0),  -- traded in this tick; unknown for some feeds
    PRIMARY KEY (instrument_token, event_time, sequence)
);

CREATE TABLE bars (
    instrument_token bigint      NOT NULL,
    timeframe        text        NOT NULL,
    start            timestamptz NOT NULL,
    open_paise       bigint      NOT NULL CHECK (open_paise > 0),
    high_paise       bigint      NOT NULL CHECK (high_paise > 0),
    low_paise        bigint      NOT NULL CHECK (low_paise > 0),
    close_paise      bigint      NOT NULL CHECK (close_paise > 0),
    volume           bigint      NOT NULL CHECK (volume >= 0),
    PRIMARY KEY (instrument_token, timeframe, start)
);

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
