"""Whom a decision of a body binds: its own organisation, all of a joint committee, or those for which it leads."""
