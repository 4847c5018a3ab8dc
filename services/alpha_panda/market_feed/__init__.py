"""The market feed: it turns a source (a replay, a synthetic or a live market) into `market.ticks` and leads the epochs."""
