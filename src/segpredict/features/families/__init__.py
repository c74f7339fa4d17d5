"""Feature families: one per file; each declares its columns and requirements."""
