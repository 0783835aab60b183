"""Finance: running-cost allowances of commissioners, and their restatement at mergers.

Owns        the populations that organisations state for a financial year; running-cost allowances (a rate per head
            times a population, the rate from a dated rule pack); their restatement at a merger, by days and to the
            penny. Periods before a merger are never restated; the first allowance stays visible beside it.
Publishes   AllowanceSet, AllowanceRestated.
Subscribes  to the registry (it copies organisations and successions, and restates allowances at mergers of CCGs and
            ICBs, and when one was undone) and to contracts (the support charges that an allowance has to carry).

Packages, the highest layer first; each may import those below it:

allowances  populations stated, rates by rule pack, allowances and their restatement
charges     support charges of a body in a financial year
core        financial years, tables, who reads which figures
"""
