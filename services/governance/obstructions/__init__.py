"""Obstructions: a body that stands in the way of a proposal or recommendation, by veto or by inertia, and the radar.

Publishes ObstructionFound and ObstructionEnded. Subscribes to finance's DelayPriced: what waiting costs.
"""
