"""Ask: a question about what is in view, answered in a model's own words, and the questions after it."""
