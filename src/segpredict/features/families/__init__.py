"""Feature families: one a file, each declares its columns and what it needs."""
