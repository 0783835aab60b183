"""Votes at items: a motion is put, seats vote at instants, and the item is closed into a decision.

A vote counts of who is there and not excluded, once a seat and once a person; the quorum is taken at each vote, and the
majority counted as the body's terms of reference say (NHS Act 2006 s.14L leaves both to each constitution).
"""
