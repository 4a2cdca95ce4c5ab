"""What `child.processes` starts: apart from `child.inside`, whose classes travel by their names."""

from paceline.child.inside import main

main()
