"""Use cases of the convergence."""
