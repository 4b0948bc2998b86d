from .folder import RunFolder as RunFolder
from .results import Result as Result
from .results import finish_clip as finish_clip
from .results import finish_image as finish_image
from .run import FrameResult as FrameResult
from .run import FrameStep as FrameStep
from .run import VideoRun as VideoRun
from .run import stylize_video as stylize_video
