"""Settings: base for all, and one file for each place where the system runs."""
