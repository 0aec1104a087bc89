"""Dead letters, and what was done about them."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection, update

from console.read_model.records import (
    Record,
    UnreadableError,
    clean,
    key_of,
    text_or_none,
    words_of,
)
from console.read_model.tables import dead_letters
from console.read_model.writes import Values, insert_new
from schemas.errors import SettingsError
from streams.worker.dead_letters import PREFIX
from streams.worker.letters import ACTION, LETTER, OPEN, Action, Place


class LettersAndDeeds:
    """Letters among some records, and what was done about these or earlier ones."""

    def __init__(self) -> None:
        self._letters: dict[Place, Values] = {}
        self._deeds: dict[Place, Values] = {}

    def take(self, record: Record) -> None:
        """Read the next record of a partition.

        Raises:
            UnreadableError: It is neither a letter nor a deed.
        """
        words = words_of(record)
        try:
            if ACTION in words:
                self._take_deed(record, words)
            else:
                self._take_letter(record, words)
        except (KeyError, TypeError, ValueError, SettingsError) as error:
            raise UnreadableError("neither a dead letter nor what was done about one") from error

    def write(self, connection: Connection) -> None:
        """Add letters, and change those about which something was done."""
        insert_new(connection, dead_letters, list(self._letters.values()))
        for place, deed in self._deeds.items():
            connection.execute(
                update(dead_letters)
                .where(
                    dead_letters.c.log_partition == place.partition,
                    dead_letters.c.log_offset == place.offset,
                )
                .values(**deed)
            )

    def _take_letter(self, record: Record, words: dict[str, str]) -> None:
        place = Place(int(words[f"{PREFIX}partition"]), int(words[f"{PREFIX}offset"]))
        self._deeds.pop(place, None)
        self._letters[place] = {
            "partition": record.partition,
            "offset": record.offset,
            "subject": key_of(record),
            "reason": text_or_none(words.get("reason")) or "",
            "detail": words.get(f"{PREFIX}exception.message", ""),
            "event_id": text_or_none(words.get("event_id")) or "",
            "event_type": text_or_none(words.get("event_type")) or "",
            "log_partition": place.partition,
            "log_offset": place.offset,
            "recorded_at": record.timestamp // 1000,
            "state": OPEN,
            "by": None,
            "why": None,
            "closed_at": None,
        }

    def _take_deed(self, record: Record, words: dict[str, str]) -> None:
        told, action = orjson.loads(record.value or b""), Action(words[ACTION])
        is_done = action is not Action.REDRIVING
        self._deeds[Place.parse(words[LETTER])] = {
            "state": action.value,
            "by": clean(str(told["by"])),
            "why": clean(str(told["why"])),
            "closed_at": record.timestamp // 1000 if is_done else None,
        }
