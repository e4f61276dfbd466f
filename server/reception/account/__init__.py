"""Who works here: accounts, log-ins, and who looked at what."""
