"""Published registers: of interests, gifts, procurement decisions and breaches, as everybody reads them on a day.

Persons are opaque ids with their posts. Publishes RegisterPublished, with the digest of the entries.
"""
