"""Findings: what about a contract, a supplier or a body needs attention, raised once and cleared once.

Publishes ContractFindingRaised and ContractFindingCleared.
"""
