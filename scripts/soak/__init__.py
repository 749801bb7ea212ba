"""The long forms of the reliability tests, and a patch that plays in real time while it is edited: `make soak`."""
