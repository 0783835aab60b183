"""Payments: each item that contracts says is due is paid once, by an entry; a correction is an entry of its own.

Contracts says what is due, from whom to whom, and on which day (PaymentScheduled, PaymentFellDue). Due work pays on the
due day, or as soon as the event is heard. An entry is never changed: what was paid too much is reversed. Publishes
PaymentMade and PaymentReversed. What a period of an alliance came to (AllianceSettled) is shown to its members,
and what was paid in fact, by what is published (SpendRecorded), to payer and supplier: it changes no other figure.
"""
