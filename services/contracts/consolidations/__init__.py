"""Consolidations: one shared service replaces several contracts, at once or by a plan.

At once: one command signs the shared contract and ends the others (ServiceConsolidated). By a plan: one commitment
signs and serves notice, and from then on it only goes forward, by due work on each contract's day.

Publishes ConsolidationAgreed, ContractSigned, NoticeServed, TerminationPriced, ContractTerminated, ContractVaried and
ServiceConsolidated.
"""
