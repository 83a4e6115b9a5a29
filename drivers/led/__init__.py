"""The capture light, and the guard that keeps camera and microphone behind it."""
