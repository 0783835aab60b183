"""Where a figure comes from: its packs, its lens, its inputs as known, and the events that caused it.

Subscribes to what other publishers tell of contracts, proposals, counts and successions, to note the id of each event
and its place in its publisher's log.
"""
