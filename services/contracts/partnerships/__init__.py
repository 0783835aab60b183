"""Which route a project takes: through a strategic estates partnership only where it is better than every other one.

A comparison is recorded with the route that was chosen, and never changed.
"""
