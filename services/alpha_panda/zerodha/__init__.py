"""What every service of Zerodha shares: the official client, its errors, and the login that all of it needs."""
