"""Question banks: their model, loading and linting."""
