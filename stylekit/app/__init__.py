"""The command line, the demonstration, and the servers of the notebooks and the studio page.

Only `jupyter_servers` imports JupyterLab and Voila, which the extra "notebooks" installs.
"""
