"""Governance: the bodies and people that decide for an organisation, and their decision rights.

Owns        people (an opaque id; who needs the name reads it, and that is recorded), an organisation's governing
            body, committees and joint bodies with their posts (titles from a dated rule pack), appointments (one holder
            of a post a day), decision rights (what a body or a post may decide, up to which value, by which minute),
            instruments, proposals, meetings and decisions, interests, recommendations and dossiers.
Publishes   BodyEstablished, BodyDissolved, AppointmentMade, AppointmentEnded, PostFellVacant, DecisionRightGranted,
            DecisionRightEnded, ProposalOpened, ProposalWithdrawn, DecisionAwaited, DecisionDeferred, DecisionTaken,
            DecisionReversed, MeetingCalled, MeetingHeld, GovernanceFindingRaised, GovernanceFindingCleared,
            DossierSealed, RecommendationMade, RecommendationAnswered, ObstructionFound, ObstructionEnded,
            InstrumentMade, InstrumentEnded, PooledFundAgreed, CoCommissioningLevelSet, AuthorisationDecided,
            ConditionLifted, RegisterPublished.
Subscribes  to the registry: it copies organisations and successions. At a merger the predecessors' bodies and
            appointments end, and those that one person held in every predecessor are made again; a body ends with its
            organisation, or where another took it over, and continues where that was undone.
            To contracts (what bodies decide on, commitments, bidders, papers of instruments, assessments of suppliers)
            and to finance (cases, and what delays cost).

Packages, the highest layer first; each may import those below it:

tasks            what waits for whose vote, consent, declaration, minutes, reply or agreement
dossiers         what led to each decision and what followed, sealed as a chain of hashes
registers        published registers of interests, gifts, procurement decisions and breaches
recommendations  what footprints recommend, the bodies' answers, and lawful grounds of an escalation
provenance       the vote, papers, minutes and rule packs behind a decision
conflicts        who is conflicted in what is decided, and who reads the papers; awards of contracts
obstructions     who stands in the way of what, since when and at what cost
commitments      contracts signed before their body existed, consultations, and reports of pressure
mergers          mergers as published, previews, their effects, and what waits to be made again
erasures         persons who are kept long enough: name, account and private words go
ballots          motions, votes of seats, and what an item came to
minutes          meetings that were held, and their minutes by version
urgent_actions   decisions between meetings, reported to the next one
forecasts        quorum of an item before its meeting
meetings         planned and called: agenda, attendance, recusals, quorum and whose vote counts
decisions        what bodies decided on proposals, by which right, and whether it stands
proposals        what is asked of which bodies, and where it stands
reach            whom a decision of a body binds, as joint committee or lead commissioner too
successions      instruments whose parties live on in others, and which wait to be made again
breaches         breaches of the rules on conflicts, published anonymised
gifts            gifts and hospitality, by the thresholds of the day
interests        interests declared, until when they are public and kept; paths from persons to parties
instruments      how organisations work together
co_commissioning  the level at which a CCG commissions primary medical services
pooled_funds     shares of the pooled funds of instruments, and later ones
appointments     one person in one post of one body, with its days
decision_rights  what a body or a post may decide, up to which limit
assurance        authorisations of CCGs: conditions, what lifts them, and functions that directions move
subjects         contracts, plans, procurements, mergers and cases, as published
people           persons under opaque ids, their names, and who read them
bodies           governing bodies and their posts: established, dissolved
lifetimes        the days of bodies, posts and rights: ended together, and restored
findings         what needs attention, raised once and cleared once
rule_packs       the packs of rules that answers name
core             bodies, posts, people and rights; the catalogue; reading as at and as known
"""
