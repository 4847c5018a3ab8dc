"""The market feed: it turns a source (replay, synthetic or live market) into `market.ticks` and leads the epochs."""
