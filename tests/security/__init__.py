"""Who may act for whom, who may see what, and what a hostile caller can do: nothing."""
