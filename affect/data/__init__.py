"""Data: from every layout of AffectNet to one table, and from the table to batches."""
