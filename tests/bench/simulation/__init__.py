"""A year of one hospital under five ways of booking (DESIGN.md, section 8), through the project's own services."""
