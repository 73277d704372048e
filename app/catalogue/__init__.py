"""What can be traded: commodities and their qualities, markets, processing lines, schemes."""
