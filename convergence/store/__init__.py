"""The typed store: one PostgreSQL table in the schema `std` for each table of the data standard (ADR 0009)."""
