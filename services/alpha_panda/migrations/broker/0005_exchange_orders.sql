-- Orders at a real exchange: what may be sent, was sent and came of it. Empty for a Broker on paper.

-- One row an order: whoever writes it as SENDING first is the only one who may ever send it.
CREATE TABLE exchange_orders (
    order_id   uuid        PRIMARY KEY,
    tag        text        NOT NULL UNIQUE,  -- of Broker, account, signal, leg and generation
    state      text        NOT NULL,
    fence      bigint      NOT NULL,         -- of the owner that claimed it; 0 before
    claimed_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    data       jsonb       NOT NULL
);
CREATE INDEX exchange_orders_by_change ON exchange_orders (changed_at);
CREATE INDEX exchange_orders_by_claim ON exchange_orders (claimed_at);

CREATE TABLE exchange_trades (
    signal_id uuid  PRIMARY KEY,
    data      jsonb NOT NULL
);

-- Events of the same statement as the rows that they tell of, until Kafka has them.
CREATE TABLE exchange_outbox (
    number    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id        uuid        NOT NULL UNIQUE,
    key       text        NOT NULL,
    value     bytea       NOT NULL,
    published boolean     NOT NULL DEFAULT false,
    made_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX exchange_outbox_waiting ON exchange_outbox (number) WHERE NOT published;

-- How trading stands, for people: whether entries may go and why not, what the last reconciliation found.
CREATE TABLE exchange_standing (
    service    text        PRIMARY KEY,
    written_at timestamptz NOT NULL,
    data       jsonb       NOT NULL
);

-- The exchange's books of a day, kept because they are gone the next.
CREATE TABLE exchange_books (
    day      date        NOT NULL,
    kind     text        NOT NULL,
    taken_at timestamptz NOT NULL,
    data     jsonb       NOT NULL,
    PRIMARY KEY (day, kind)
);
