"""The report as one HTML page: inline SVG and CSS, no script, nothing from any network."""

from alpha_panda.backtest.page.document import page

__all__ = ["page"]
