"""Cover: every practice and every area is in exactly one commissioner on every day (NHS Act 2006 s.14A).

Publishes AreasAssigned and OrganisationParentChanged; refuses what would break cover, naming each practice and area.
"""
