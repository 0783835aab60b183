"""Populations: allowances that follow from the registry's counts, moderated by local authority.

Due work compares what follows from counts, rates and successions with what is on record, and publishes AllowanceSet.
"""
