"""Commitments that were signed before their body was established, consultations on them, and reports of pressure.

Subscribes to contracts' CommitmentMade, CommitmentLapsed and ContractSigned. Publishes findings alone, and nothing of a
report of pressure.
"""
