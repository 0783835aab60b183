"""The registry: every organisation, what it was on any day, who followed whom, and how CCGs merge.

Owns        organisations (code, kind; life, names and parents in two times), successions, mergers with their plans.
Publishes   OrganisationProposed, OrganisationOpened, OrganisationRenamed, OrganisationParentChanged,
            OrganisationClosed, OrganisationSucceeded; CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, CCGMerged.
Subscribes  to nothing: it is where facts about organisations begin.

Read next: `api` (what can be asked), `organisations` and `mergers` (what it does), `merger_rules` (when CCGs merge),
`lineage`, `answers` and `plans` (what it answers), `imports` (real ODS files), `facts` (how something becomes known),
`models` (what it keeps).
"""
