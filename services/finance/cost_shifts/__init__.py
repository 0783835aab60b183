"""What a customer's exit does to a supplier's price: who gains and who loses, who leaves next, which order costs least.

Costs and prices are contracts' own, heard; the heads of a customer follow the registry's lists; each customer states
above which price it would leave, which no other organisation reads. Publishes CostShiftFound for what was published.
"""
