"""Support contracts: back-office functions supplied to commissioners, with suppliers, terms and charges.

Owns        contracts (draft, signed, terminated, replaced) with their lines, customers and transfers;
            consolidations; suppliers; findings; schedules of payments and what fell due; buy-out terms;
            obligations, milestones, measures and documents; tariffs; published payments.
Publishes   ContractSigned, ContractTransferred, ContractTerminated, ServiceConsolidated, ContractFindingRaised,
            ContractFindingCleared, PaymentScheduled, PaymentFellDue, BuyOutTermsStated, SupplierChangedHands,
            AllianceSettled, SupplierPriced, SupplierAssessed, SourcingDecided, ProcurementStated, AgreementToRemake,
            AgreementSettled, SpendRecorded.
Subscribes  to the registry: it copies organisations, successions, owners and hosts, agreed mergers and transfer
            schemes, and acts on mergers of CCGs and ICBs, on acquisitions and abolitions, and on successions that were
            undone: contracts are transferred, with the schemes that move them, and agreements that name legal bodies
            are flagged.
            To governance: what was decided verifies acts.

Packages, the highest layer first; each may import those below it:

tasks           what waits for the caller
consolidations  one shared service replaces several contracts, at once or by the moves of a plan
plans           members plan a shared service, enter, accept and withdraw, until they commit
amendments      the lines of a signed contract change, within the limits of its procurement
performance     obligations, milestones, measures with results and credits, documents
schedules       a part paid in advance, the balance on achievement
alliances       members share gain and pain by terms to which each has agreed
buy_outs        the terms on which a PFI or LIFT contract may be bought out
market          how many units there are, how each is assessed, who could step in
partnerships    which route a project takes, beside a strategic estates partnership
tariffs         prices a head by function and tier; a contract's lines beside them
sourcing        do, buy or share: how a body has each function of support done
novations       another body takes a party's place, with everybody's consent
procurements    at what stage a procurement stands, and who bids in it
exit_plans      the steps of an exit, the return of data with receipts, final amounts that settle a price
publication     open contracting: what customers publish, as releases and records
imports         files of published payments, taken line by line in the background
spend           published payments, what they add up to, the names under which bodies are published
contract_proposals  contracts that a source lets one infer, which a person confirms or rejects
signing         a draft becomes binding
terminations    a contract ends early, on notice, by an accepted offer or by agreement; it renews
mergers         what mergers move, what overlaps then, which agreements have to be made again
part_ends       a part of a contract ends on its day
exits           how a contract may be left, by when, and what that costs
agreements      contracts as they are drafted, revised and read; the catalogue of functions
transfers       a successor takes over the contracts of its predecessors, and gives them back
payments        what may fall due under a contract, and what did
bodies          legal forms and populations, as the registry publishes them; what follows for holdings and tiers
care_models     which services a contract for a new care model may supply, for how long, beside which others
suppliers       what a supplier is, who owns and hosts it, what it costs and charges
authorities     by which decision a body did what binds it
findings        what needs attention, raised once and cleared once
core            contracts, their parties, lines and states; how notice is counted; reading as at and as known
"""
