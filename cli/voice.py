"""What `up` and `demo` say: numbered steps, and every role's lines behind its coloured name."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

STYLES = {"kafka": "magenta", "ingest": "cyan", "worker": "green", "subfold": "bold"}
WIDTH = max(len(name) for name in STYLES)


class Voice:
    """Writes to one console; it is plain where that is no terminal, or NO_COLOR is set."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def line(self, name: str, text: str) -> None:
        """Write one line of a role's log as it is."""
        prefix = (f"{name:>{WIDTH}} │ ", STYLES.get(name, ""))
        self.console.print(Text.assemble(prefix, text), soft_wrap=True)

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self.line("subfold", text)
