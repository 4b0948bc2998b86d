"""The only module that imports OpenCV: `from .opencv import cv2`.

OpenCV is loaded when `cv2` is first used. So modules that need it can be imported, and `stylekit
doctor` can report, where OpenCV is broken. The import error then says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# Libraries that the wheel `opencv-python` needs and that small systems do not have.
_SYSTEM_LIBRARIES = ("libGL", "libgthread", "libglib", "libSM", "libXext", "libXrender", "libxcb")

_ADVICE = (
    "OpenCV cannot start, a library of the system is missing ({error}). "
    "Install it: apt-get install libgl1 libglib2.0-0. "
    "Or, without administrator's rights, use the wheel that does not need it: "
    "pip uninstall opencv-python, then pip install opencv-python-headless. "
    "Do not install both: they share one cv2 folder."
)


def explain(error: ImportError) -> ImportError:
    """The error to raise for a failed `import cv2`, with advice if a system library is missing."""
    if any(library in str(error) for library in _SYSTEM_LIBRARIES):
        return ImportError(_ADVICE.format(error=error), name="cv2")
    return error


if TYPE_CHECKING:
    import cv2
else:

    class _OpenCV:
        """Stands for the module `cv2`, which is imported when a name is first used."""

        def __getattr__(self, name: str) -> Any:
            try:
                import cv2
            except ImportError as error:
                raise explain(error) from error
            return getattr(cv2, name)

    cv2 = _OpenCV()

__all__ = ["cv2", "explain"]
