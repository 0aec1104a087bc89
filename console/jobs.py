"""Work that takes longer than a page: in a thread of its own, one of a kind at a time.

Who starts again gets the one that is under way. What came out is kept until the next of its kind
or the end of the process; each kind of work can be begun anew.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import structlog

from schemas.errors import SubfoldError

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class Job:
    """One piece of work. Times in Unix seconds.

    Attributes:
        about: What it was begun with, such as a hash; `matches` compares it.
        done, total: How far it is; 0 of 0 while nobody knows.
        result: What came out; None until then.
        error: Why nothing came out.
        former: The one of its kind before, while this one is under way.
    """

    id: str
    kind: str
    about: str
    by: str
    started_at: int
    done: int = 0
    total: int = 0
    finished_at: int | None = None
    result: Any = None
    error: str | None = None
    former: Job | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is still under way."""
        return self.finished_at is None

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100."""
        return 100 * self.done // self.total if self.total else None

    def progress(self, done: int, total: int) -> None:
        """Note how far it is."""
        self.done, self.total = done, total


Work = Callable[[Job], Any]


@dataclass(slots=True)
class Jobs:
    """The latest job of each kind."""

    _latest: dict[str, Job] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def latest(self, kind: str) -> Job | None:
        """The latest of a kind as it is now, under way or done: it changes no more."""
        with self._lock:
            return copy(self._latest.get(kind))

    def start(
        self, kind: str, work: Work, *, by: str, clock: Callable[[], float], about: str = ""
    ) -> Job:
        """Begin, unless one of its kind is under way: then that one is given.

        Args:
            kind: One word.
            work: Does it, and gives what comes out; told the job, whose progress it notes.
            by: Who began it.
            clock: Unix seconds.
            about: What it is begun with.
        """
        with self._lock:
            latest = self._latest.get(kind)
            if latest and latest.is_running:
                return latest
            at = int(clock())
            id_ = f"{at}-{next(self._numbers)}"
            job = Job(id=id_, kind=kind, about=about, by=by, started_at=at, former=latest)
            self._latest[kind] = job
        working = threading.Thread(
            target=self._run, args=(job, work, clock), name=kind, daemon=True
        )
        working.start()
        return job

    def fresh(
        self, kind: str, work: Work, *, max_age_s: int, clock: Callable[[], float], about: str = ""
    ) -> Job:
        """The latest, begun anew where it is too old or of something else."""
        latest = self.latest(kind)
        is_fresh = latest and (
            latest.is_running
            or (latest.about == about and clock() - latest.started_at <= max_age_s)
        )
        if latest and is_fresh:
            return latest
        return self.start(kind, work, by="console", clock=clock, about=about)

    def _run(self, job: Job, work: Work, clock: Callable[[], float]) -> None:
        result, fault = None, None
        try:
            result = work(job)
        except SubfoldError as error:
            fault = str(error)
        except Exception as error:
            # The outermost of this thread; a message might show what is nobody's business.
            log.exception("job_failed", kind=job.kind)
            fault = f"it broke off ({type(error).__name__}): the console's log has more"
        finally:
            with self._lock:
                job.former, job.result, job.error = None, result, fault
                job.finished_at = int(clock())
