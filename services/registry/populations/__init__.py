"""Populations: published by a source for a day, and carried along successions where none was published.

Publishes PopulationPublished.
"""
