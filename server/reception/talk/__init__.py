"""From a booking to the end of a talk: who waits, who is asked in, who sits in the room."""
