"""Joins the provenance that each service answers into one chain, with the caller's own token and no database.

It walks from what is asked to what that follows from, service by service, in a bounded number of requests.
"""
