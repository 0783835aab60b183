"""Mergers of commissioners, as the registry agrees them: what they move, what overlaps then, what has to be made again.

From the agreement of a merger on, a preview shows the contracts that it moves and the functions that the merged body
then buys twice. Agreements that name legal bodies are flagged, and moved only where a party states that a scheme saves
them. Publishes AgreementToRemake, AgreementSettled and findings `overlap`.
"""
