"""Where the head points over the ground."""
