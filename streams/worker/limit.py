"""When most records are bad, it is not the records: the worker stops rather than bury them. Pure.

Source: docs/dead-letters.md, "When most are bad".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.errors import DeadLetterReason
from streams.worker.dead_letters import DeadLetter, FetchedRecord
from streams.worker.letters import LETTER

WINDOW = 200
"""Records of a partition that are looked back on."""
COUNTED = frozenset(
    {DeadLetterReason.BUG, DeadLetterReason.BAD_OBJECT, DeadLetterReason.NOT_AN_EVENT}
)
"""Reasons that may be ours: a bug, or shapes of Stripe's that this release cannot read. All others
somebody can cause at will who has no secret of ours, a connected account or another writer of the
topic, or they come once, as settings do: nobody shall stop the worker by them."""
_ALL = (1 << WINDOW) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """What a batch makes of the last records.

    Attributes:
        bad: Which of the last records are dead for a counted reason, for the marker.
        most: The most of them within any window that ends with one in this batch.
        reasons: Of those in this batch.
    """

    bad: str
    most: int
    reasons: Mapping[str, int]


def _counts(letter: DeadLetter) -> bool:
    """Whoever gives letters back knows that they were bad: nothing is learned when they are."""
    is_redriven = any(name == LETTER for name, _ in letter.headers)
    return letter.reason in COUNTED and not is_redriven


def look_back(
    bad: str, records: Sequence[FetchedRecord], letters: Sequence[DeadLetter]
) -> LookBack:
    """Go on from what a former batch left in the marker, record by record."""
    counted = {letter.offset: letter.reason.value for letter in letters if _counts(letter)}
    bits, most = int(bad or "0", 16), 0
    if not counted:
        bits = (bits << min(len(records), WINDOW)) & _ALL
    else:
        for record in records:
            is_bad = record.offset in counted
            bits = ((bits << 1) | is_bad) & _ALL
            most = max(most, bits.bit_count()) if is_bad else most
    return LookBack(bad=f"{bits:x}" if bits else "", most=most, reasons=Counter(counted.values()))
