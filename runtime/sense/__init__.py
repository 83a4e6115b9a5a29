"""From samples to what they mean: pose, gestures, sight, touch, health."""
