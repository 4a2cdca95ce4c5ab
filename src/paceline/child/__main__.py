"""What `child.processes` starts: it runs `main` of the module named, whose classes then travel by their names."""

import sys
from importlib import import_module

import_module(sys.argv.pop(1)).main()
