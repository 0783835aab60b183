"""A contract ends early: on notice (rule EXIT-1), by an offer that the other side accepts, or by agreement.

Contracts renew and end by due work, on the days that their terms and notices give. Publishes ContractTerminated,
ContractVaried (renewed), NoticeServed, NoticeWithdrawn, TerminationPriced.
"""
