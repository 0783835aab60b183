"""Effects of mergers on bodies and posts: all end; a holder common to all predecessors keeps the post."""
