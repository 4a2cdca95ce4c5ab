"""Takes Paceline in: its fixtures, options, and saved runs."""

pytest_plugins = ["paceline.plugin"]
