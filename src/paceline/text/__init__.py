"""Text as people write and read it. It knows nothing of ours."""
