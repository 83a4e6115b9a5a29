"""From a Whisper checkpoint to a built speech model."""
