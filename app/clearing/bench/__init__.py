"""Made-up markets, and what the engine is measured against on them."""
