"""A Strategy whose signals wait to the end of their time while nobody knows whether trading is halted."""

from alpha_panda.domain.instrument_table import load_instruments


def patient() -> str:
    """A Strategy that enters every few seconds with signals that live for less, and can never be sized."""
    first = next(iter(load_instruments()))
    return f"""\
apiVersion: alphapanda.io/v1alpha1
kind: Strategy
metadata: {{name: patient}}
spec:
  strategy: eager:Eager
  params: {{every: 60}}
  instruments: [{{exchange: {first.exchange}, symbol: {first.symbol}}}]
  timeframes: [1m]
  signalTimeToLiveSeconds: 2
"""
