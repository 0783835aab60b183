"""What a contract asks of its parties while it runs: obligations, milestones, measures with results, documents.

A result that misses its measure makes a service credit due, a correction where it is stated again. What is due or
missed becomes a finding. Publishes PaymentFellDue (`credit`), ContractFindingRaised and ContractFindingCleared.
"""
