"""What the account is worth: fills and marks in, snapshots, ledger and read model out.

From `orders.filled`, `market.ticks` and `control.brokers` to `pnl.snapshots`, the ledger in PostgreSQL
and the read model in Redis. Redis is only a cache; everything comes back from the log.
"""
