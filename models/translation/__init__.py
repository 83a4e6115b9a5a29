"""Putting what was said into another language: the translators, and the guards that none of them may pass by."""
