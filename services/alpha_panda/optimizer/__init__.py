"""How to divide capital: weights for instruments or strategies, suggested from their daily returns.

Daily returns come from files of bars or from a backtest's report (`returns`), which needs nothing more than Python.
`estimate` makes means and covariances of them and `weights` the portfolios, which needs numpy, scipy and
scikit-learn, the extra `optimizer`: no service imports them. Suggestions go to the command line; nothing trades by
them unless a person writes them into a resource.
"""
