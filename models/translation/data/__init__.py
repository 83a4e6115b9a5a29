"""Tables of the guards: names from the Unicode CLDR, and words."""
