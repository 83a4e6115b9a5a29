"""What a model is: manifests, the store, the runner and the backends."""
