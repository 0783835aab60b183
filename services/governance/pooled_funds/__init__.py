"""Pooled funds of instruments: the shares of their members, and other ones that the parties agree on from a day on.

`instruments` records who agrees, and publishes PooledFundAgreed.
"""
