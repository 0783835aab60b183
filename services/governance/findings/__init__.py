"""Findings: what about a body, a decision or a declaration needs attention, raised once and cleared once.

Publishes GovernanceFindingRaised and GovernanceFindingCleared.
"""
