"""The open book: offers and demands."""
