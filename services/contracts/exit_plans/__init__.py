"""How an exit is carried out: its steps, the return of data with receipts, and the amounts by which it is settled.

Publishes TerminationPriced (settled), and findings about what was not returned.
"""
