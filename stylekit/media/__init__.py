"""Files ↔ arrays, and what a file says about its making."""
