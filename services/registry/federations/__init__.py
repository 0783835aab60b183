"""Federations of practices: their legal forms, and what each form may hold and distribute.

Law: `rules/federations.toml`. Publishes OrganisationLegalFormChanged and OrganisationRemitStated.
"""
