"""Translate: words that were typed or heard, in the other language."""
