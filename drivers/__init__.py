"""The parts of a pair of glasses: one folder a device class."""
