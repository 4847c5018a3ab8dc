"""The trading core: pure and synchronous, facts in, facts out."""
