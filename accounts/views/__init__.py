"""One module per page of the ground floor."""
