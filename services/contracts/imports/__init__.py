"""Imports files of published payments: every line with content is taken, or refused with its reason.

A payment of which something is odd is taken with a flag. A file may be any CSV with a heading for the supplier, the
day, the amount and the payer, or with the payer given. Twice is once: a line of a publication is taken once.
"""
