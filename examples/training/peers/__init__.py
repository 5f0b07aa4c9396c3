"""The same models trained by Keras and PyTorch, each in a Python of its own; these scripts import nothing of rillet."""
