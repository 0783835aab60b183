"""Lineage: predecessors, successors and exact shares along chains of successions, any number of steps away.

Decides also who may act for a body that another one succeeded. Publishes nothing.
"""
