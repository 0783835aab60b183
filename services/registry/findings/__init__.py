"""Findings: what about applications, mergers and successions needs attention, raised once and cleared once.

Publishes RegistryFindingRaised and RegistryFindingCleared.
"""
