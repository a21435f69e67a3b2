"""Figures with their ratio to the raw limit, measured in one run: `bin/bench NAME`."""
