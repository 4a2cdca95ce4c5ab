"""The instrument: a real HTTP server in a process of its own that proves how much ran at once."""
