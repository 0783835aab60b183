"""Subjects of decisions: contracts, plans, procurements, mergers, cases; copied from the events of their publishers.

Also which agreements wait to be made again after a merger, by which the power of their instruments waits.

Publishes nothing.
"""
