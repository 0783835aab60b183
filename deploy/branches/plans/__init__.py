"""Promotion: a branch's steps become one plan in life, which waits for signatures and votes.

Each step is an ordinary command on its day, by whoever holds the right then and gives it with a token of their own; no
token is stored. A plan is refused, before it is made and before each step, with the facts of life that its base did not
have and that meet what it touches. Twice is once: a step names itself to the service, which carries it out once for
ever. Plans are in a database of their own, which outlives the branch.
"""
