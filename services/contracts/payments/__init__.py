"""Payments under contracts: planned, and due once an item. Publishes PaymentScheduled and PaymentFellDue.

Contracts says what is due, from whom to whom and on which day; finance pays it. Whatever makes payments due (a
schedule, a service credit) does so through this package.
"""
