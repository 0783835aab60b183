"""Search by words, members, trees, lookups of many codes, exports. Publishes nothing."""
