"""Organisations: opened, closed, renamed, moved; their parent, kind, legal status and legal form.

Publishes OrganisationOpened, OrganisationProposed, OrganisationClosed, OrganisationRenamed, OrganisationMoved,
OrganisationParentChanged, OrganisationKindChanged, OrganisationLegalStatusChanged.
"""
