"""Signing: a draft becomes binding on its parties. Publishes ContractSigned."""
