"""A visit record, from the first sound to the last signature."""
