"""Keeps everything that happened in PostgreSQL: market data for all, signals, orders and fills per Broker."""
