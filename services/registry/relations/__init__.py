"""Relations: members, owners with exact shares, footprints, hosts; many to many, each with its days.

Publishes OrganisationRelated and OrganisationUnrelated.
"""
