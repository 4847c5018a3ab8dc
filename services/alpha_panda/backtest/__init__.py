"""Backtests: the services' own cores in one process, without Kafka, in the order in which a replay runs them."""
