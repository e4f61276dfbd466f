"""Speech models on this machine: brought in whole and checked, listed, verified, chosen (`jietan models`)."""
