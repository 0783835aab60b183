"""Business cases: options with typed lines, appraised by version; a published or proposed version never changes.

A draft is edited by its author's organisation, which alone reads it. Once published, or frozen by a proposal to a
decision-making body, a version is read by the organisations that it names, and runs again bit for bit: the rule packs,
prices of exits and members of lenses that it was appraised with are stored with it under a digest.

Publishes CaseAppraised, CostShiftFound; subscribes to TerminationPriced, ProposalOpened.
"""
