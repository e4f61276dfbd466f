"""A matter in the case store: registered, taken on, answered in time, found again."""
