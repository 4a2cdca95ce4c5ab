"""`paceline trace`: one round, written down for a viewer of traces."""
