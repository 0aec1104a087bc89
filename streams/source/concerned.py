"""Which customers of an account want an object, which use it, and what was answered; pure.

An answer that did not help is not asked for again until the row is newer than it; what is not to be
had, not until it changes or the row has ceased to want it. So nothing goes round in circles: what
is appended is never newer than its own answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from schemas.customer_row import CustomerRow
from schemas.times import iso
from streams.source.wanted import Object, used_by, wanted_by

Subject = str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noted:
    as_of: str
    wants: frozenset[Object]
    uses: frozenset[Object]


NOBODY = _Noted(as_of="", wants=frozenset(), uses=frozenset())


@dataclass(slots=True)
class Concerned:
    """The customers of one account, by the subjects of their rows.

    `_answers`: by object and subject, the `as_of` up to which a row is answered; None for ever.
    `_open`: whose rows are to be looked at.
    """

    _rows: dict[Subject, _Noted] = field(default_factory=dict)
    _users: dict[Object, set[Subject]] = field(default_factory=dict)
    _answers: dict[Object, dict[Subject, str | None]] = field(default_factory=dict)
    _open: set[Subject] = field(default_factory=set)

    def note(self, subject: Subject, row: CustomerRow | None) -> None:
        """Take a row as it is now; None when it is gone."""
        before = self._rows.pop(subject, NOBODY)
        now = NOBODY
        if row is not None:
            now = _Noted(as_of=row.as_of, wants=wanted_by(row), uses=used_by(row))
            self._rows[subject] = now
        for each in before.wants - now.wants:
            self._answers.get(each, {}).pop(subject, None)
        for each in before.uses - now.uses:
            self._users[each].discard(subject)
        for each in now.uses - before.uses:
            self._users.setdefault(each, set()).add(subject)
        if now.wants:
            self._open.add(subject)
        else:
            self._open.discard(subject)

    def due(self) -> dict[Subject, list[Object]]:
        """What is to be asked for now, for whom; in a fixed order."""
        found = {each: self._unanswered(each) for each in sorted(self._open)}
        due = {subject: wants for subject, wants in found.items() if wants}
        self._open = set(due)
        return due

    def answered(self, subject: Subject, wanted: Object, fetched_at: int | None) -> None:
        """Note that something was asked for: when, Unix seconds; None if it is not to be had."""
        row = self._rows.get(subject, NOBODY)
        if wanted in row.wants:
            until = None if fetched_at is None else max(row.as_of, iso(fetched_at))
            self._answers.setdefault(wanted, {})[subject] = until

    def changed(self, thing: Object) -> None:
        """Forget what was answered with an object as it was."""
        self._open.update(self._answers.pop(thing, {}))

    def ask_again(self) -> None:
        """Forget what was not to be had: another key may see it."""
        for answers in self._answers.values():
            for subject in [each for each, until in answers.items() if until is None]:
                del answers[subject]
                self._open.add(subject)

    def users(self, thing: Object) -> list[Subject]:
        """Whose rows use an object."""
        return sorted(self._users.get(thing, ()))

    def wanting(self) -> Iterator[Subject]:
        """Whose rows lack something, answered or not."""
        return (subject for subject, row in self._rows.items() if row.wants)

    def in_vain(self) -> int:
        """How many lack what is not to be had."""
        answers = (each for by_subject in self._answers.values() for each in by_subject.items())
        return len({subject for subject, until in answers if until is None})

    def _unanswered(self, subject: Subject) -> list[Object]:
        row = self._rows.get(subject, NOBODY)
        return sorted(each for each in row.wants if self._is_open(each, subject, row.as_of))

    def _is_open(self, wanted: Object, subject: Subject, as_of: str) -> bool:
        answers = self._answers.get(wanted, {})
        if subject not in answers:
            return True
        until = answers[subject]
        return until is not None and as_of > until
