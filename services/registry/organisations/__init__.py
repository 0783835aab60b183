"""Organisations: opened, closed, renamed, moved; their parent, kind and legal status.

Publishes OrganisationOpened, OrganisationProposed, OrganisationClosed, OrganisationRenamed, OrganisationMoved,
OrganisationParentChanged, OrganisationKindChanged, OrganisationLegalStatusChanged.
"""
