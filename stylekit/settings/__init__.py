"""Every setting, written once: its default, its range, its help, and its form in JSON.

The command line, the widgets, the documentation and the library all read their defaults here.
"""

from .classes import (
    STRENGTH,
    Colors,
    ImageSettings,
    Init,
    MediaLimits,
    OptimizerMethod,
    Start,
    VideoSettings,
    Weights,
)
from .fields import (
    Implementation,
    NameOrFunction,
    Settings,
    Tunable,
    check_layer_count,
    check_number,
    function_of,
    label_of,
    name_of,
    parse_choice,
    shot_numbers,
    tunable,
    tunables,
    whole_numbers,
)
from .keyframes import KeyframeSettings, KeyMethod
from .network import NetworkSettings
from .patches import PatchSettings
from .schedule import WeightChange, WeightSchedule, WeightsNow, weights_of_step

__all__ = [
    "STRENGTH",
    "Colors",
    "ImageSettings",
    "Implementation",
    "Init",
    "KeyMethod",
    "KeyframeSettings",
    "MediaLimits",
    "NameOrFunction",
    "NetworkSettings",
    "OptimizerMethod",
    "PatchSettings",
    "Settings",
    "Start",
    "Tunable",
    "VideoSettings",
    "WeightChange",
    "WeightSchedule",
    "Weights",
    "WeightsNow",
    "check_layer_count",
    "check_number",
    "function_of",
    "label_of",
    "name_of",
    "parse_choice",
    "shot_numbers",
    "tunable",
    "tunables",
    "weights_of_step",
    "whole_numbers",
]
