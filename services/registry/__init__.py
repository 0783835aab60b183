"""The registry: every organisation, what it was on any day, who followed whom, and how commissioners merge.

Owns        organisations (codes, kinds, names, lives, places; their relations, roles and codes elsewhere), who covers
            whom, successions, applications and mergers, clusters, populations, care models, what each source said.
Publishes   `libs.common.events.registry`: organisations and their ties, cover, successions, applications and mergers.
Subscribes  to nothing: it is where facts about organisations begin.

Read next: `api` (what can be asked), then by what you look for:

a body             `organisations`, `descriptions`, `roles`, `identifiers`, `relations` (commands); `standings` (what
                   commands check); `answers`, `details`, `search`, `trees` (answers); `kinds`, `ties`, `shares`
how it is known    `facts` (how something becomes known), `sources`, `reports`, `histories`, `conflicts`, `findings`
who followed whom  `successions` (statements and beliefs), `living` (shares along chains), `lineage`, `crosswalk`,
                   `restatement`, `changes`; `reorganisations` and `undoings` (stated by hand)
a merger           `applications`, `procedures`, `criteria`, `determinations`, `mergers`, `merger_rules`, `schemes`,
                   `preparations`, `readiness`, `previews`, `plans`, `clusters`
who covers whom    `cover`, `cover_rules`, `cover_checks`, `cover_answers`
and                `populations`, `federations`, `care_models`, `watch_lists`, `fhir`, `imports`, `models`
"""
