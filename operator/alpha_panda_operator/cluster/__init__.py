"""The edge to the API server: requests, watching, leadership."""
