"""Signatures: each party signs a draft by its own act, and the last one makes it binding. Publishes ContractSigned."""
