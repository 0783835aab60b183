"""Meetings that were held, and their minutes: drafts by version and digest, which a later meeting approves.

Publishes MeetingHeld, again when minutes are approved.
"""
