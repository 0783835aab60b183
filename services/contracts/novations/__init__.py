"""Novations: another body takes a party's place at common law, with the consent of every party.

Each party consents by its own act. Once all have, the contract ends the day before, and one with the same terms begins
under a reference of its own, in one transaction. Publishes ContractTerminated (`into`) and ContractSigned (`out_of`).
"""
