"""Going on when an area closes or goods are recalled."""
