"""A kernel for each visitor of the studio, in a folder that goes away with the kernel."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class VisitorKernels(AsyncMappingKernelManager):
    """Gives each kernel a working and temporary folder of its own and removes it afterwards.

    A kernel cleans up after itself where it ends in peace; this holds where it was killed too, and
    keeps the files of two visitors apart.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._folders: dict[str, Path] = {}

    # Its base says that this gives a name, and assigns what gives a promise of one.
    async def start_kernel(  # type: ignore[override]
        self, *, kernel_id: str | None = None, path: str | None = None, **launch: Any
    ) -> str:
        """Start a kernel in a new folder; `path`, where the page's notebook lies, is not for it."""
        # Beside the connection files, not among them: Voila removes those before kernels end.
        folder = Path(tempfile.mkdtemp(prefix="visitor-", dir=Path(self.connection_dir).parent))
        launch["env"] = {
            **launch.get("env", {}),
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
        }
        # Errors of what it runs are shown in the page; here one only grumbles at its end.
        launch["stderr"] = subprocess.DEVNULL
        started = await super().start_kernel(kernel_id=kernel_id, cwd=str(folder), **launch)
        self._folders[started] = folder
        return started

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended, in whichever way, and remove its folder."""
        if folder := self._folders.pop(kernel_id, None):
            shutil.rmtree(folder, ignore_errors=True)
        return super().remove_kernel(kernel_id)
