"""Pages of the convergence."""
