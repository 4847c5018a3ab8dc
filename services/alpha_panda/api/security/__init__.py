"""Who asks, what they may do, and how often: everything that stands before a route of the API."""
