"""One strategy at work, live: which worker did each item, shown as the items complete, and what that comes to."""
