"""Panels for notebooks: the Python of each, and its JavaScript beside it.

Nothing is fetched from the network, and a panel's callbacks may run on any thread.
"""
