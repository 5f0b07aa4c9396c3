"""Preprocessing inside the model file: what comes from a microphone or a camera goes in as it is.

The operators added here run wherever the model runs, so a desktop and a board compute the same features.
"""

from .audio import KWS01, AudioFeatures, add_audio_features
from .image import ImageInput, add_image_input

__all__ = ["KWS01", "AudioFeatures", "ImageInput", "add_audio_features", "add_image_input"]
