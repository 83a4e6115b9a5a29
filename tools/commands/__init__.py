"""The commands of ``browline``: each file has ``configure(parser)`` and ``main(options)``."""
