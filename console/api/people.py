"""Users, tokens and the audit, for admins: what the page People and tokens shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from sqlalchemy import Engine

from console.access.audit import ID_MAX, Record, records
from console.access.tokens import Token, all_tokens
from console.access.users import User, all_users
from console.api.parameters import Limit
from console.context import console_of, visitor_of


def _for_admins(request: Request) -> Engine:
    if not visitor_of(request).is_admin:
        raise HTTPException(403, "This needs the role admin, or a token of scope write.")
    return console_of(request).access


Access = Annotated[Engine, Depends(_for_admins)]
router = APIRouter(tags=["people"], responses={403: {"description": "Not an admin."}})


@router.get("/users")
def list_users(access: Access) -> list[User]:
    """List who may log in."""
    with access.connect() as connection:
        return all_users(connection)


@router.get("/tokens")
def list_tokens(access: Access) -> list[Token]:
    """List tokens; what they are themselves nobody can say."""
    with access.connect() as connection:
        return all_tokens(connection)


@router.get("/audit")
def list_audit(
    access: Access,
    limit: Limit = 100,
    before: Annotated[
        int | None, Query(ge=1, le=ID_MAX, description="Id of the last one that was shown.")
    ] = None,
) -> list[Record]:
    """List who changed what, the newest first."""
    with access.connect() as connection:
        return records(connection, before=before, limit=limit)
