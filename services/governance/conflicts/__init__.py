"""Conflicts of those who decide on a proposal, and who reads its papers.

A member is conflicted where a path of interests leads to a party of what is decided (NHS Act 2006 s.14O): found from
declarations, appointments, and what the registry and contracts publish, on each reading anew. Papers that a conflict
withholds reach the member by no read, and are recalled where the conflict comes to be known later.
"""
