"""Open contracting (OCDS 1.1): what customers publish of their contracts, as releases and records for everybody.

A release is never changed: what becomes known later is a release of its own. Notice, and the price of an end, are in
none before the contract has ended.
"""
