"""Backlog of estates by organisation and footprint, and the keys that divide it; all of it public.

A footprint has the backlog of the bodies in it on a day, by the registry; a body in none goes by who took it over. One
in several is divided by a key that an organisation stated, else equally, to the penny. Publishes nothing.
"""
