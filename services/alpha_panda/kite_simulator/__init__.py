"""An account to rehearse with: Kite Connect as its official client sees it, over real sockets, without a broker.

REST, ticker and postbacks come from one small server; prices are made up, replayed or set; each fault that the
protocol has is switched on and off over `/simulator/`; what was asked and what became of it is in an append-only
journal. Nothing that trades imports this package: it is reached as the real thing is, by its address.
"""
