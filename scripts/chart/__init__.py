"""Writes the generated files of the Helm chart: Grafana's dashboards, Prometheus' rules, the resource definitions.

Usage: `python -m chart` writes them, `python -m chart --check` says which do not fit and changes nothing.
"""
