"""Fine-tuning: a model made trainable (`prepare`), and trained on this machine or on a device (`run`)."""

from .checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from .losses import LOSSES
from .preparation import OPTIMIZERS, Trainable, Trained, prepare
from .training import Epoch, Progress, Training, run

__all__ = [
    "LOSSES",
    "OPTIMIZERS",
    "Checkpoint",
    "Epoch",
    "Progress",
    "Trainable",
    "Trained",
    "Training",
    "load_checkpoint",
    "prepare",
    "run",
    "save_checkpoint",
]
