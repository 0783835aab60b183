"""Findings: what about money that was paid needs attention, raised once and cleared once.

Publishes FinanceFindingRaised and FinanceFindingCleared.
"""
