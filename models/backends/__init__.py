"""Inference libraries, each imported by one file here and nowhere else."""
