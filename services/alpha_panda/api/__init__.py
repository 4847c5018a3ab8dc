"""The HTTP API: what the system knows, read from Redis, PostgreSQL and `control.*`; it changes nothing."""
