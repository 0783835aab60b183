"""Accounts: one national chart, local codes mapped to it, postings in bulk, and the close of a period.

A mapping is a dated statement in two times; a posting is never changed. A period is closed in the statutory series for
a body itself, in the management series for all that lies with it on today's boundaries; the close is refused with the
list of what has no account. Publishes LedgerClosed and LedgerCloseBlocked.
"""
