"""The serial console: a command tree over any byte stream."""
