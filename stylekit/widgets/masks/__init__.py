"""The panel that shows how a mask follows from its thresholds."""
