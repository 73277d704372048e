"""What is promised for a season: contracts, call-offs, balances, breaches."""
