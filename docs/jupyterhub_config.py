"""JupyterHub for a class that paints with stylekit; docs/classroom.md says how it is used."""

import pwd
import subprocess
import sys
from pathlib import Path

c = get_config()  # noqa: F821 JupyterHub has it

# The address. All pages are below /class/, so that a web server can have others beside them.
# In a network it must be encrypted: let a web server with a certificate hand /class/ on to it.
c.JupyterHub.bind_url = "http://127.0.0.1:8000/class/"

# Who is let in: these accounts of this machine, with their passwords.
c.JupyterHub.authenticator_class = "pam"
c.Authenticator.allowed_users = {"ann", "bob"}

# How much one student may take. The limit holds for each process, of which one paints at a time.
GIGABYTES = 3
c.Spawner.cmd = [
    "prlimit",
    f"--data={GIGABYTES * 10**9}",
    str(Path(sys.executable).with_name("jupyterhub-singleuser")),
]

# How many may have a server, and how many of those start at once.
c.JupyterHub.active_server_limit = 30
c.JupyterHub.concurrent_spawn_limit = 4
c.Spawner.start_timeout = c.Spawner.http_timeout = 180

# JupyterLab opens in the folder of the lessons.
c.Spawner.default_url = "/lab"
c.Spawner.notebook_dir = "~/stylekit-notebooks"
# Kernels that nobody has used for an hour end, and with them what they hold in memory.
c.Spawner.args = [
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--MappingKernelManager.cull_interval=300",
]

COPY = (
    "from pathlib import Path; from stylekit.app.notebooks import copy_notebooks; "
    "copy_notebooks(Path.home() / 'stylekit-notebooks')"
)


def copy_lessons(spawner):
    """Copy the lessons into the student's folder, as the student; what was changed is kept."""
    user = pwd.getpwnam(spawner.user.name)
    subprocess.run(
        [sys.executable, "-c", COPY],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        env={"HOME": user.pw_dir, "PATH": "/usr/bin:/bin"},
        cwd=user.pw_dir,
        check=True,
    )


c.Spawner.pre_spawn_hook = copy_lessons

# Servers that nobody has used for two hours end.
c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]
