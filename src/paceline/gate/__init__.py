"""
The gate: A/B in one sitting, check against a pinned baseline, change points of a history.
"""
