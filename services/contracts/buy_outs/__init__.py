"""The terms on which a PFI or LIFT contract may be bought out. Publishes BuyOutTermsStated.

A contract may give no right of voluntary termination: then there is no sum. One method of valuing equity is fixed in
the contract; none, two, or the higher of two are refused.
"""
