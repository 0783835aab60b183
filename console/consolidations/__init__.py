"""Plans for one shared service: members by steps, to wait or to pay, the pivot, and what a withdrawal would do."""
