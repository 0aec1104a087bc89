"""What `up` and `demo` say: numbered steps, and every role's lines behind its coloured name."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.text import Text

STYLES = {
    "kafka": "magenta",
    "ingest": "cyan",
    "worker": "green",
    "console": "blue",
    "subfold": "bold",
}
PLAIN_WIDTH = 120
"""Columns where there is no terminal to ask: tables must not be squeezed into 80."""
WIDTH = max(len(name) for name in STYLES)


class Voice:
    """Writes to a terminal in colour; plainly to anything else, or when NO_COLOR is set."""

    def __init__(self, file: TextIO) -> None:
        width = None if file.isatty() else PLAIN_WIDTH
        self.console = Console(file=file, width=width, highlight=False)

    def line(self, name: str, text: str) -> None:
        """Write one line of a role's log as it is."""
        prefix = (f"{name:>{WIDTH}} │ ", STYLES.get(name, ""))
        self.console.print(Text.assemble(prefix, text), soft_wrap=True)

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self.line("subfold", text)
