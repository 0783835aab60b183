"""Reactions of contracts to what other services publish, one module a publisher."""
