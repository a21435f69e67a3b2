"""The interface described for programs."""
