"""Transfers: contracts pass to the successors of their parties, and back. Publishes ContractTransferred.

Under a merger by statute (NHS Act 2006 s.14I; s.14Z28 for ICBs) a contract continues under its reference, with the
property scheme of the body that it comes from. Contracts of a body that closed or was divided are flagged.
"""
