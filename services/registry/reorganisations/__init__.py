"""Reorganisations that are not mergers: splits, acquisitions, boundary changes, abolitions; and their undoing.

Publishes OrganisationSucceeded and SuccessionUndone, with what they state about the bodies concerned.
"""
