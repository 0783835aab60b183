"""What a decision rests on beside the events: the vote, the papers and minutes by digest, and the rule packs."""
