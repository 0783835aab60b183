"""Finance: what may be spent, what sharing is worth and to whom, when to leave, and whether the saving arrived.

Owns        populations that organisations state; running-cost allowances (a rate a head times a population, the rate
            from a dated rule pack) and budgets, restated at mergers by days and to the penny; ledgers; business cases
            and their appraisal; assessments of exits and portfolios of them; funds, payments and realised savings;
            returns of estates: backlog and PFI schemes.
Publishes   AllowanceRestated, AllowanceSet, BacklogRecorded, BudgetMoved, BudgetReduced, BudgetRestated,
            BudgetRestored, BudgetSet, CaseAppraised, CaseWouldFlip, CostShiftFound, DelayPriced, ExitAssessed,
            FinanceFindingCleared, FinanceFindingRaised, FundAllocated, FundDrawReversed, FundDrawn,
            LedgerCloseBlocked, LedgerClosed, PaymentMade, PaymentReversed, PortfolioSolved, SavingContracted,
            SavingForecast, SavingRealised, SavingReversed.
Subscribes  to the registry (organisations, successions, relations, counts of people, care models, schemes of transfer:
            allowances and budgets are restated), to contracts (charges, terms and prices of ends, suppliers, plans,
            payments due, terms of buy-outs), and to governance (proposals, decisions and their delays, decision rights,
            pooled funds).

Packages, the highest layer first; each may import those below it:

reports     a case, an exit, a run or a savings statement as HTML, CSV, JSON, PDF and workbook
documents   reports as PDF and as workbooks with live formulas, written in a process of its own, once each
charts      charts of reports: each mark a figure of the JSON, labelled with its value
figures     where a figure comes from: packs, lens, inputs as known, events by id
portfolios  the best plan of exits, buy-outs and openings under budgets; its optimiser is a process of its own
delays      what it costs that a body has not decided
flips       decisions that another rule pack would change
estimates   savings by benchmark, at the part of them that arrives
tasks       what waits for too long: computations, appraisals, corrections; with who has to do what
simulations  how uncertain the value of a case is: Monte Carlo of a version, in a process of its own
backlogs    backlog of estates by organisation and footprint, and the keys that divide it
funds       money by year and purpose, recurrent and non-recurrent apart, and what was drawn of it
cost_shifts  what exits from a supplier shift to others; the domino; triggers of exits
savings     from the forecast to what budgets fell by; claims, rates learned
exits       when to leave a contract, through every lens; the exit calendar
buy_outs    what it takes to buy a PFI or LIFT contract out, and whether it is worth it
cases       business cases by version: drafted, appraised, published or frozen by a proposal
case_contents  what a case says, and how it becomes inputs of an appraisal
appraisals  discounting, measures and options, as pure functions
series      figures through the years, statutory and management, and the bridge between them
virements   amounts moved between lines of one budget, within rules and decision rights
budgets     lines by year, localities, ceilings, reductions
accounts    one national chart, local codes mapped to it, postings in bulk, closes of periods
payments    what is due under contracts, paid once an item
cost_shares  what each customer pays of a contract's charge, by the rule that they agreed
populations  allowances that follow from the registry's counts, moderated by local authority; people of a footprint
allowances  populations stated, rates by rule pack, allowances and their restatement
charges     support charges of a body in a financial year
lines       lines of budgets with their entries, restated at mergers, splits and suspended transfers of staff
runs        long computing: queued, in a process of its own, resumed after a kill
decisions   what governance decided, by which a command may say that it acts
plans       a portfolio's problem in whole pence, its plan, checker and exact bound: pure
findings    what about money, a computation or an appraisal needs attention, raised once and cleared once
estates     workbooks of ERIC with all of their rows: backlog by category, PFI schemes
parties     sectors of parties, footprints, sets of parties that users name: lenses
core        financial years, tables, who reads which figures; the ledger of flows, lenses over it, cost shifts
"""
