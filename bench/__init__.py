"""Measures GraphDAW against a hand-written C limit and against its peers, as ratios within one run."""
