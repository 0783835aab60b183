"""Mergers of CCGs or ICBs: agreed, put on another day, withdrawn, made ready, carried out.

Law: NHS Act 2006 s.14G (CCGs), s.14Z25 to s.14Z27 (ICBs); both transfer schemes of every predecessor, or nil returns.
Publishes CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, CCGMerged, the same four of ICBs, TransferSchemeMade,
MergerConditionMet, and OrganisationProposed for the successor.
"""
