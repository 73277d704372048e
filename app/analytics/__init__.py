"""Figures for cooperatives, read only."""
