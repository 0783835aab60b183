"""Dossiers: what led to each decision and what followed, as a chain of hashes that an auditor verifies alone.

An entry is canonical JSON (RFC 8785) in which each personal field is SHA-256(salt ‖ value); an entry's hash is
SHA-256(previous hash ‖ entry). Values and salts are in a table of their own: a person who is erased leaves a chain
that still verifies. A dossier is open until every step that the kind of its proposal expects, by a rule pack, is there.
Publishes DossierSealed.
"""
