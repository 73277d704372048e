"""Tests of the clearing engine, its snapshot form and its explanations; no database."""
