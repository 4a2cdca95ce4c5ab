"""A process of ours: start it, ask it, end it. It is empty, as each child imports it."""
