"""Instrument files that name others: what they say as text, and which files belong to them."""
