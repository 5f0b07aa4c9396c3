"""Models trained from scratch on small public datasets: `python -m examples.training` from the repository's root."""
