"""Plans to consolidate, until their members commit: entered, revised, assessed, submitted, accepted, left.

A plan is its revisions and acts, none of which is ever changed; its state follows from them. Its terms bind no member
before the commitment, which is that of `consolidations`.

Publishes ConsolidationPlanned, ConsolidationWithdrawn and TerminationPriced (estimates).
"""
