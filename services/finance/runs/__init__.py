"""Long computing, done in a process of its own: queued, with progress, cancelled, and resumed after a kill.

A run's result is immutable under the digest of its inputs: the same inputs are computed once. The process opens no
database. It reads the inputs from its standard input, prints its progress and its result, and ends when its parent
does. Publishes nothing itself: what follows from a result is the kind's own, in the transaction that stores it.
"""
