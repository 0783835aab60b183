"""Recommendations of footprints to bodies, their replies, and what may lawfully follow where one is obstructed.

Publishes RecommendationMade and RecommendationAnswered, and through obstructions who stands in the way. A footprint has
no power: a recommendation changes nothing by itself, here or in the registry.
"""
