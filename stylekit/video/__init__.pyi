from .folder import RunFolder as RunFolder
from .frames import FrameResult as FrameResult
from .frames import FrameStep as FrameStep
from .results import Result as Result
from .results import finish_clip as finish_clip
from .results import finish_image as finish_image
from .run import VideoRun as VideoRun
from .run import stylize_video as stylize_video
