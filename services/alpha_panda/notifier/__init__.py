"""Tells people what they should hear of: keeps alerts from the log, sends them to channels, takes commands by chat."""
