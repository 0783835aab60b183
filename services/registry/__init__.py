"""The registry: every organisation, what it was on any day, who succeeded whom, and how commissioners merge.

Owns        organisations (codes, kinds, names, lives, addresses; their relations, roles and external identifiers), who
            covers what, successions, applications and mergers, clusters, populations, care models, what each source
            stated.
Publishes   `libs.common.events.registry`: organisations and their links, cover, successions, applications, mergers.
Subscribes  to nothing: it is the source of what other services know of organisations.

Packages, the highest layer first; each may import those below it:

watch_lists      codes that a caller follows, and what changed of them
federations      federations of practices: legal forms, and what each form may do
revisions        what is new of many organisations from one day
identifiers      external identifiers and further roles, with their periods
tasks            what of a merger waits for too long, and bodies that an undoing leaves closed
search           search by words, members, trees, lookups, exports
applications     applications to merge: filed, judged, determined
imports          files of ODS, ONS and others: formats, previews, the runner, what mergers follow from them
reorganisations  splits, acquisitions, boundary changes, abolitions; and their undoing
suspensions      transfer schemes of staff wait, and continue
merger_previews  what a merger would affect, and every reason against it
organisations    bodies are opened, closed, renamed, moved; parent, kind, legal status
mergers          CCGs or ICBs merge: agreed, redated, withdrawn, made ready, carried out
relations        members, owners with exact shares, footprints, hosts
parts            parts of bodies that continue, which pass by a plan
cover            every practice and area in exactly one commissioner
clusters         ICBs that share a leadership
populations      published populations, and those carried along successions
crosswalks       from the bodies of one day to those of another; restated figures; changes of a day
care_models      new care models: planned, delayed, live, ended
lineage          predecessors, successors and exact shares along chains
fhir             the FHIR R4 routes
evidence         what sources stated: history, conflicts, anomalies
findings         what of mergers and successions needs attention, raised once and cleared once
core             organisations and what is recorded of them; the unit of change; reading as at and as known; who may act
                 and who reads what; terms
"""
