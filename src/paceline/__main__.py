"""`python -m paceline`: the command, where its name is not on the path."""

import sys

from paceline.cli import main

sys.exit(main())
