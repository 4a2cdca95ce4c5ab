"""The report: one page that needs no network, and the same charts as files. Everything on it comes from saved runs."""
