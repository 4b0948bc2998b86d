"""The one module that imports OpenCV: `from .opencv import cv2`.

OpenCV is loaded when `cv2` is first used, so that modules that need it can be imported, and the
doctor can report, where it is broken. The import error then says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# What the desktop wheel `opencv-python` links to and slim systems leave out.
_SYSTEM_LIBRARIES = ("libGL", "libgthread", "libglib", "libSM", "libXext", "libXrender", "libxcb")

_ADVICE = (
    "OpenCV cannot start, a library of the system is missing ({error}). "
    "Install it: apt-get install libgl1 libglib2.0-0. "
    "Or, without administrator's rights, take the wheel that needs none: "
    "pip uninstall opencv-python, then pip install opencv-python-headless. "
    "Never install both: they share one cv2 folder."
)


def explain(error: ImportError) -> ImportError:
    """The error to raise for an `import cv2` that failed.

    With advice where a shared library of the system is missing, otherwise `error` as it is.
    """
    if any(library in str(error) for library in _SYSTEM_LIBRARIES):
        return ImportError(_ADVICE.format(error=error), name="cv2")
    return error


if TYPE_CHECKING:
    import cv2
else:

    class _OpenCV:
        """Stands for the module; each of its names is looked up in OpenCV itself."""

        def __getattr__(self, name: str) -> Any:
            try:
                import cv2
            except ImportError as error:
                raise explain(error) from error
            return getattr(cv2, name)

    cv2 = _OpenCV()

__all__ = ["cv2", "explain"]
