"""What finance waits for: computations, appraisals for a proposal, corrections; a finding once it is too long."""
