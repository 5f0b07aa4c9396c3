"""Fine-tuning: a model made trainable (`prepare`), and trained on this machine or on a device (`run`)."""

from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .data import LabelledArrays, read_samples
from .losses import LOSSES
from .preparation import OPTIMIZERS, Trainable, Trained, prepare
from .training import Epoch, Progress, Training, evaluate, run

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "Checkpoint",
    "Epoch",
    "LabelledArrays",
    "Progress",
    "Trainable",
    "Trained",
    "Training",
    "evaluate",
    "load_checkpoint",
    "prepare",
    "read_samples",
    "run",
    "save_checkpoint",
]
