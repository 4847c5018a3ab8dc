"""Zerodha trading: validated signals become orders at the exchange, each sent at most once."""
