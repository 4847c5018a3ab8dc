"""Small programs that measure Alpha Panda on its real stores, each against a floor in the same run.

`make bench` runs them all; `result` is what a program offers. Nothing here is a test, and no test is timed.
"""
