"""What the wearer asked the glasses for: one folder or file a feature."""
