"""``python -m engine`` is ``changling``."""

from engine.cli import main

main()
