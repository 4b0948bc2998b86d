"""The panel that explains single pixels of a painted clip."""
