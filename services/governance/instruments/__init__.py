"""Instruments by which organisations work together.

An instrument is made when every party has agreed by its own act. Which kinds there are in an era, for which kinds of
organisation, and how far a host may weigh in the votes, is in dated rule packs. The agreement's paper is contracts'.

Publishes InstrumentMade, InstrumentEnded, PooledFundAgreed; DecisionRightEnded of what a lead commissioner was granted.
"""
