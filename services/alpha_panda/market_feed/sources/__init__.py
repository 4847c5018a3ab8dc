"""Where ticks come from: files that are replayed, or a market made up from a seed."""
