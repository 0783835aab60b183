"""Finance: what each commissioner may spend on running itself, and how a merger restates it.

Owns: the populations that organisations state for a financial year; running-cost allowances (rate per head times
population, rates from dated rule packs); their restatement at a merger, by days and to the penny. Periods before a
merger are never restated (absorption accounting); what was set at first stays visible beside what it became.

Publishes: AllowanceSet, AllowanceRestated.

Subscribes: to the registry (organisations, and CCGMerged, which restates allowances), and to contracts (signed,
transferred, terminated, consolidated: the support charges that an allowance has to carry).
"""
