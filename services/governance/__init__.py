"""Governance: the bodies and people that decide for an organisation, and their decision rights.

Owns        people (an opaque id; who needs the name reads it, and that is recorded), an organisation's governing
            body and its posts (titles from a dated rule pack), appointments (one holder of a post a day), and decision
            rights (what a body or a post may decide, up to which value, by which minute).
Publishes   BodyEstablished, BodyDissolved, AppointmentMade, AppointmentEnded, PostFellVacant.
Subscribes  to the registry: it copies organisations and successions. At a merger the predecessors' bodies and
            appointments end, and those that one person held in every predecessor are made again; a body ends with its
            organisation, or where another took it over, and continues where that was undone.

Packages, the highest layer first; each may import those below it:

appointments     one person in one post of one body, with its days
decision_rights  what a body or a post may decide, up to which limit
mergers          effects of mergers on bodies, posts and appointments
people           persons under opaque ids, their names, and who read them
bodies           governing bodies and their posts: established, dissolved
core             bodies, posts, people and rights; the catalogue; reading as at and as known
"""
