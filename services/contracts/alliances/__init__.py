"""Alliances: members share what a contract costs less or more than its target, by terms to which each has agreed.

Terms are in force once every member has agreed by its own act; silence is no consent. What a period cost is settled to
the penny and falls due as items of `gain` and `pain`. Publishes AllianceSettled.
"""
