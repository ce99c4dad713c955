"""`python -m tokembed` is the command `tokembed`."""

from tokembed.cli import main

if __name__ == "__main__":
    main()
