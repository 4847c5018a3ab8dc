"""Other backtesters with the rule of `benchmarks.backtest`, each a program for an environment of its own."""
