"""`python -m cli`, which is how `subfold up` starts each role."""

from cli.main import main

main()
