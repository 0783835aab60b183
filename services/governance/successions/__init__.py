"""What becomes of instruments whose parties live on in others, or whose paper moves, and which wait to be made again.

Publishes InstrumentMade, InstrumentEnded, GovernanceFindingRaised, GovernanceFindingCleared.
"""
