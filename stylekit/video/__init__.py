"""Clips: a run that paints frame after frame, and the folder in which it is stored."""
