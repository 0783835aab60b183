"""A part of a contract ends on its day, by a notice or an accepted offer: lines, or what some customers have of it.

Publishes ContractVaried (partly_terminated, associate_left), TerminationPriced, SharesAgreed.
"""
