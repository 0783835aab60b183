"""Support contracts: who supplies which back-office functions to which commissioners, until when, for how much.

Owns        contracts (draft, signed, terminated, replaced) with their lines, customers and changes of hands;
            consolidations.
Publishes   ContractSigned, ContractTransferred, ContractTerminated, ServiceConsolidated.
Subscribes  to the registry: every event of an organisation's life (it knows who is open, and who succeeded whom);
            CCGMerged (the successor takes over its predecessors' contracts).

Read next: `api` (what can be asked), `contracts`, `signatures`, `terminations`, `consolidations`, `transfers` (what it
does), `notice` (how notice is counted), `models` (what it keeps), `reactions` (what it does when told).
"""
