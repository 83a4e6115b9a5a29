"""Following: where on its route the wearer is, and whether they are on it at all."""
