"""The page: contexts placed into one self-contained HTML file."""
