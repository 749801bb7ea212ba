"""OSC: a server of a graph's addresses, and values that go to another program's."""
