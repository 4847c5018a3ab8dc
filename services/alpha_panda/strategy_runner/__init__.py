"""Runs strategies: ticks and bars in, signals for every Broker of each strategy out.

From `market.ticks`, `market.bars`, `control.strategies` and `control.brokers` to the Brokers' `signals.raw`.
"""
