"""A built model behind OpenAI's chat API, on loopback, for clients and editors that speak it."""
