"""`paceline predict`: how long work would take that nobody measured, from the measured parts of a saved run."""
