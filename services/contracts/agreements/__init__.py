"""Contracts as they are agreed: drafted, revised, deleted as a draft, read.

Suppliers and the catalogue of functions are read here too.
"""
