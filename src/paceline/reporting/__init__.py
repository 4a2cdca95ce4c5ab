"""`paceline report`: which runs it is about, what is gathered beside them, and what is written."""
