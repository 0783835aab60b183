"""Running-cost allowances: populations stated, rates by rule pack, and what mergers restate of them.

Publishes AllowanceSet and AllowanceRestated.
"""
