"""Codes of other systems and further roles that a body has, each with its periods.

Publishes OrganisationIdentified, OrganisationIdentifierEnded, OrganisationRoleGiven and OrganisationRoleEnded.
"""
