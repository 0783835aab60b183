"""Webhooks as Standard Webhooks has them: signed POSTs of the log's events to a partner's target, in order.

`commands` and `queries` keep the webhooks of callers, `routes` are their HTTP; `sender` delivers, `ledger` is its SQL,
`attempts` its schedule, `signing` its signatures, and `targets` connects to no address that is not public.
"""
