"""Reactions of governance to what other services publish, one module a publisher, and what falls due on a day."""
