"""Clock, topics, messages, bus, supervisor, store: what every part stands on."""
