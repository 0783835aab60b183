"""Suspensions: what a transfer scheme of staff moves waits, and continues; what was done before stays done.

Publishes TransferSchemeSuspended and TransferSchemeResumed.
"""
