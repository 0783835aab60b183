"""Authorities: by which decision a body did what binds it, and whether governance has published that decision.

Subscribes to governance: DecisionTaken verifies an act, DecisionReversed takes that back. A rule pack says from when an
act is refused without a decision.
"""
