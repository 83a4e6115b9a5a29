"""Promises with figures: each prints its value beside its bar and, where there is one, the peer's."""
