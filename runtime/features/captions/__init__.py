"""Live captions: what is said, above the eye, as it is said."""
