"""Parties and the lenses over them: which sector a party is in on a day, who is in a footprint, sets that users name.

A party's sector is what contracts states of a supplier; below that who owns or hosts it, by contracts, then by the
registry; below that the default of its legal form and kind (rule pack `sectors`). All of it in two times. Publishes
nothing.
"""
