"""Decisions: what a body decided on a proposal, by which right, whom it binds; and whether it still stands.

A decision comes from a vote or an urgent action, and is permitted by `can`. Publishes DecisionTaken, DecisionReversed.
"""
