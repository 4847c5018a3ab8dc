"""Live market data of Kite Connect: its ticker's frames on one side, ticks in the exchange's own time on the other."""
