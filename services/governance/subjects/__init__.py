"""Subjects of decisions: contracts, plans, procurements, mergers, cases; copied from the events of their publishers.

Publishes nothing.
"""
