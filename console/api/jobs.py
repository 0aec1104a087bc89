"""How work that takes longer than a request stands, as every address of such work tells it."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel

from console.jobs import Job

Result = TypeVar("Result")


class Work(BaseModel, Generic[Result]):
    """How far it is; `result` when it came to its end, `error` when it did not.

    While it is under way `result` is null. Times are Unix seconds.
    """

    id: str
    is_running: bool
    by: str
    started_at: int
    finished_at: int | None
    percent: int | None
    error: str | None
    result: Result | None


def told(job: Job, result: Result | None) -> Work[Result]:
    """How a job stands, with what came out in the form that is shown."""
    return Work(
        id=job.id,
        is_running=job.is_running,
        by=job.by,
        started_at=job.started_at,
        finished_at=job.finished_at,
        percent=job.percent,
        error=job.error,
        result=result,
    )
