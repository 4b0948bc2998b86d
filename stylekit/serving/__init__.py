"""Notebooks and the studio page, served to this machine alone: copies, addresses, servers.

`lab` and `studio` import JupyterLab and Voila, which only the extra "notebooks" installs; the rest
needs neither.
"""
