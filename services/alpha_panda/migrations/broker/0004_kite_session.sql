-- The login at the exchange, at most one; the token is encrypted with a key that is not in this database.
-- Only a Broker at Zerodha has a row.
CREATE TABLE kite_session (
    one          boolean     PRIMARY KEY DEFAULT true CHECK (one),
    user_id      text        NOT NULL,
    api_key      text        NOT NULL,
    sealed       bytea       NOT NULL,
    logged_in_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    refused_at   timestamptz            -- the exchange refused it, whatever expires_at says
);
