"""What a trading record is worth: returns, drawdowns, trades. Pure functions of values that fills and marks have made.

Money is whole paise; ratios are floats, and None where the data do not define them.
"""
