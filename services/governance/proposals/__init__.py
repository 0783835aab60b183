"""Proposals: what is asked of which bodies, and every act on it: consultation, deferral, withdrawal, evidence.

A proposal's state is a function of its acts and a day. Publishes ProposalOpened, DecisionAwaited, DecisionDeferred,
ProposalWithdrawn. A proposal is void where its plan or merger ended, and asked again where its plan was revised.
"""
