"""The player of a run: controls, curve of the losses, progress, comparison."""
