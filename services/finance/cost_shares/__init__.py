"""Cost shares: what each customer pays of a contract's charge, by the rule on which the customers agreed.

Contracts has the agreement (SharesAgreed), the registry the counts (PopulationPublished). With a population basis the
shares are restated whenever a list is corrected.
"""
