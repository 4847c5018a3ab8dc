"""The market feed: it turns a source (a replay, a synthetic market) into `market.ticks` and leads the epochs."""
