"""What there is to do for a study, what it costs, and doing it: plan, estimate, machine, run."""
