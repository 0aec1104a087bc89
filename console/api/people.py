"""Users, tokens and the audit, for admins: what the page People and tokens shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from sqlalchemy import Connection

from console.access.audit import Record, records
from console.access.tokens import Token, all_tokens
from console.access.users import User, all_users
from console.api.parameters import Limit
from console.context import console_of, visitor_of
from schemas.times import YEAR_10000


def _for_admins(request: Request) -> Iterator[Connection]:
    if not visitor_of(request).is_admin:
        raise HTTPException(403, "This needs the role admin, or a token of scope write.")
    with console_of(request).access.connect() as connection:
        yield connection


Access = Annotated[Connection, Depends(_for_admins)]
router = APIRouter(tags=["people"], responses={403: {"description": "Not an admin."}})


@router.get("/users")
def list_users(connection: Access) -> list[User]:
    """List who may log in."""
    return all_users(connection)


@router.get("/tokens")
def list_tokens(connection: Access) -> list[Token]:
    """List tokens; what they are themselves nobody can say."""
    return all_tokens(connection)


@router.get("/audit")
def list_audit(
    connection: Access,
    limit: Limit = 100,
    before: Annotated[
        int | None, Query(ge=1, le=YEAR_10000, description="Id of the last one that was shown.")
    ] = None,
) -> list[Record]:
    """List who changed what, the newest first."""
    return records(connection, before=before, limit=limit)
