"""Risk management: every raw signal of a Broker is sized and validated, or rejected with the reason."""
