"""Data only: one TOML a model, read by ``models.manifest``."""
