"""Contracts as they are agreed: drafted, revised, deleted as a draft, read.

The catalogue of functions is read here too.
"""
