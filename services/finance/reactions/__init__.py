"""Reactions of finance to what other services publish, one module a publisher."""
