"""`python -m channels` runs the worker."""

from channels.worker import main

main()
