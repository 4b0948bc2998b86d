"""One picture: what is minimised, by which optimiser, and the stylization as a whole."""
