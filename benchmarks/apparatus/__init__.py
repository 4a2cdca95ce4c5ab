"""What the experiments measure with; each experiment is a `test_*.py` in the folder above."""
