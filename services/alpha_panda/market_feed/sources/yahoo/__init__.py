"""Delayed prices of Yahoo: minutes that are over on one side, marked ticks on the other. For paper money only."""
