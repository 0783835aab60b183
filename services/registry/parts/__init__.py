"""Parts of bodies that continue, which pass to the new body of a plan on its day, by a share or by lists.

Publishes OrganisationSucceeded, OrganisationParentChanged and AreasAssigned, within the plan's change.
"""
