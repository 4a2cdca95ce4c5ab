"""Two sides in one comparison, in lockstep: is one of them slower?"""
