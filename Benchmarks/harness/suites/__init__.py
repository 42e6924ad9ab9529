"""The suites. Each file measures the cases of one subject."""
