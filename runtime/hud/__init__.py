"""From a scene to 16 grey levels."""
