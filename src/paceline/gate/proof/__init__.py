"""
How often the gate is wrong: families of pairs drawn from recorded ones, and judged as a sitting would be.

    python -m paceline.gate.proof same.json slower-10.json slower-6.json slower-5.json

The first file holds pairs of identical sides, each further one pairs whose candidate was made slower; `paceline ab`
records them.
"""
