"""Erasures: a person's name, account and private words are gone once the record is kept long enough; the id stays."""
