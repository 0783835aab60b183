"""Finance: what each commissioner may spend on running itself, and how a merger restates it.

Owns        the populations that organisations state for a financial year; running-cost allowances (a rate per head
            times a population, the rate from a dated rule pack); their restatement at a merger, by days and to the
            penny. Periods before a merger are never restated; what was set first stays visible beside it.
Publishes   AllowanceSet, AllowanceRestated.
Subscribes  to the registry (it keeps who is open and who followed whom, and restates allowances at mergers of CCGs and
            ICBs, and when one was undone) and to contracts (the support charges that an allowance has to carry).

Packages, the highest layer first; each may import those below it:

allowances  populations stated, rates by rule pack, allowances and their restatement
charges     what support contracts charge a body in a financial year
core        financial years, tables, who may see what
"""
