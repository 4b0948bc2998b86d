"""Panels about weights: sliders, translator, what-if grid, maps of forces."""
