"""History from others: asked of Kite Connect or Yahoo piece by piece, checked, and kept beside what we recorded."""
