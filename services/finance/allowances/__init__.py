"""Running-cost allowances: populations stated, rates by rule pack, and their restatement at mergers.

Publishes AllowanceSet and AllowanceRestated.
"""
