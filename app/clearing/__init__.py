"""Rounds that match the open book of a market; the engine is pure."""
