"""Published payments of commissioners to their suppliers, flagged and explained, and what they add up to.

A payer is as published, and grouped by its successor on request. The name of a payer or a supplier is that of a body
by a dated alias that was stated; likeness of names only suggests one. Publishes SpendRecorded.
"""
