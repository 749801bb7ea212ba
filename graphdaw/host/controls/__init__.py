"""Controllers of all kinds: what they move, how they are learnt, and what goes back to them."""
