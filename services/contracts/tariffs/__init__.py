"""Tariffs: what a publisher asks a head for a function in a tier, dated; and what a contract's lines cost beside it.

A line may be stated to be priced by a tariff. Every line shows what the tariff gives for the people that it serves, and
the difference. Publishes nothing.
"""
