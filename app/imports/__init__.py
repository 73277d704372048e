"""Reading members, sites, lots, offers, demands and prices from files."""
