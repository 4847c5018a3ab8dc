"""The bar builder: ticks in, closed bars of every timeframe out."""
