"""What exists or is forecast: lots, and the certificates they are grown under."""
