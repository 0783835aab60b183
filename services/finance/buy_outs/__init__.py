"""Buy-outs of PFI and LIFT contracts: the sum of a voluntary termination by component, and whether it is worth paying.

Standard form SoPC4 and PF2, clause 23.1.3. The terms are contracts' own and are copied from BuyOutTermsStated; one
method of valuing equity is fixed in the contract. A contract without a right of voluntary termination has no sum. The
saving is the customers' statement, and has to say whether it is gross or net of borrowing.
"""
