"""Racing strategies with somebody's own function: probe it, run every strategy that can, say which one to use."""
