"""A history against itself: a pinned baseline, a check against it, and when something changed."""
