"""Payment schedules: a part in advance at the start of the term, the balance on achievement.

The parts are the contract's, or those of a rule pack (70 % and 30 %). An achievement that is stated makes a balance
due; stated again, the difference is a correction. Publishes PaymentScheduled and PaymentFellDue.
"""
