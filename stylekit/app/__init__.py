"""The command line, the demonstration, and the servers of the notebooks and the studio page.

`lab` and `studio_server` import JupyterLab and Voila, which only the extra "notebooks" installs.
"""
