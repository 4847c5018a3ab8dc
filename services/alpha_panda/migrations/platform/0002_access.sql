-- Who may come in through the API, what they hold of it, and what two people must agree on. Times are UTC with their zone.

CREATE TABLE users (
    name          text        PRIMARY KEY,
    role          text        NOT NULL CHECK (role IN ('viewer', 'trader', 'admin')),
    password_hash text        NOT NULL,                -- Argon2id, with its parameters
    totp_secret   text,                                -- of the second factor; none until it is set up
    totp_step     bigint      NOT NULL DEFAULT 0,      -- the last code that was used, so that none is used twice
    disabled      boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL,
    created_by    text        NOT NULL,
    changed_at    timestamptz NOT NULL
);

-- A session holds a secret that the client shows: a refresh token or a browser's cookie. Only its digest is here.
CREATE TABLE sessions (
    id              uuid        PRIMARY KEY,
    user_name       text        NOT NULL REFERENCES users (name),
    kind            text        NOT NULL CHECK (kind IN ('token', 'browser')),
    secret_digest   bytea       NOT NULL UNIQUE,
    previous_digest bytea,                             -- of the refresh token before: who shows it has stolen one
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    stepped_up_at   timestamptz,                       -- when the second factor was last shown
    revoked_at      timestamptz
);
CREATE INDEX sessions_by_user ON sessions (user_name);
CREATE INDEX sessions_by_previous ON sessions (previous_digest);

-- Keys that access tokens are signed with. The newest signs; older ones are good until the last token of theirs has expired.
CREATE TABLE signing_keys (
    kid        text        PRIMARY KEY,
    secret     bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

-- What one person asked for and another must agree to, such as resuming a Broker that trades real money.
CREATE TABLE approvals (
    id          uuid        PRIMARY KEY,
    action      text        NOT NULL,
    subject     text        NOT NULL,
    reason      text        NOT NULL,
    asked_by    text        NOT NULL REFERENCES users (name),
    asked_at    timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    agreed_by   text        REFERENCES users (name) CHECK (agreed_by <> asked_by),
    agreed_at   timestamptz
);
CREATE INDEX approvals_by_subject ON approvals (action, subject, asked_at);
