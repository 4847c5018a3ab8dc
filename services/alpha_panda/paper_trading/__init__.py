"""Paper trading: validated signals become orders that meet real ticks, on paper money."""
