"""The one place that imports TensorFlow, set up for convolutions on a processor.

oneDNN is switched off unless the environment says otherwise: on the networks and sizes of
style transfer Eigen's convolutions are faster, and results then do not
depend on which of oneDNN's kernels a machine picks. TensorFlow's own pool of memory is switched
on: feature maps are tens of megabytes, and asking the system for each anew costs more than most
operations on them. Operations run one after the other, each on all cores: side by side they
would be hardly faster, and their sums of float32 would depend on what else the machine does.
"""

from __future__ import annotations

import os
from contextlib import suppress

# Read by TensorFlow when it is imported, not later.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")
# Or XLA would write into notebooks and terminals that it exists.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")

import tensorflow as tf

# Too late where someone has used TensorFlow before, who then has it as they set it up.
with suppress(RuntimeError):
    tf.config.threading.set_inter_op_parallelism_threads(1)

__all__ = ["tf"]
