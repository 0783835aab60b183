"""Governance: who decides for an organisation, and what each may decide.

Owns: people (an opaque id; the name they are shown by never leaves this service), an organisation's governing body and
its posts (titles from a dated rule pack), appointments (one holder of a post a day, as at a day and as known then), and
decision rights (what a body or a post may decide, up to which value, by which minute).

Publishes: BodyEstablished, BodyDissolved, AppointmentMade, AppointmentEnded, PostFellVacant.

Subscribes: to the registry (organisations; CCGMerged, at which the predecessors' appointments end and those that one
person held in every one of them are made again; OrganisationClosed, with which a body ends).
"""
