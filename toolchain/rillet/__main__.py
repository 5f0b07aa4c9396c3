"""`python -m rillet`."""

from .cli import main

main()
