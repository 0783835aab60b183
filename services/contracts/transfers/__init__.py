"""Transfers: contracts pass to the successors of their parties, and back. Publishes ContractTransferred.

Under a merger by statute (NHS Act 2006 s.14I; s.14Z28 for ICBs) a contract continues under its reference, with the
property scheme of the body that it comes from. From the agreement of a merger on, a preview shows what it moves and
which functions the merged body then buys twice.
"""
