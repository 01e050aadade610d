"""An Idempotency-Key on a POST: asked twice, done once, answered the same.

The verb and its stored answer are one transaction. Whoever dies half-way leaves a claim without an
answer, which means that nothing was done; it may be taken over when its time is up.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from people.models import ApiToken, RepeatableAnswer

from . import actions
from .errors import Refused

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
SHAPE: Final = re.compile(r"[\x21-\x7e]{1,200}")
NEVER_STORED: Final = frozenset({401, 403, 409, 429})


class _Lost(Exception):
    """The claim was taken over: what this request did must not stay."""


def answer_once(request: Request, handle: Callable[[], Response]) -> Response:
    """Answer a POST that carries a key. Raises Refused: 400, 409 or 422."""
    key = request.headers.get(HEADER, "")
    if not SHAPE.fullmatch(key):
        told = _("An Idempotency-Key has 1 to 200 printable ASCII characters.")
        raise Refused(400, "idempotency_key", told)
    body_digest = hashlib.sha256(request.body).hexdigest()
    path = request.get_full_path()[:2000]
    row, holder = actions.claim_answer(
        credential=_credential(request),
        key=key,
        method=str(request.method),
        path=path,
        body_digest=body_digest,
    )
    if holder is None:
        return _replay(row, str(request.method), path, body_digest)
    try:
        with transaction.atomic():
            response = handle()
            if is_final(response):
                kept = actions.keep_answer(
                    row,
                    holder,
                    status=response.status_code,
                    body=json.dumps(response.data, cls=JSONEncoder),
                    location=str(response.get("Location", "")),
                )
                if not kept:
                    raise _Lost
    except _Lost:
        raise _at_work() from None
    except BaseException:
        actions.forget_answer(row, holder)
        raise
    if not is_final(response):
        actions.forget_answer(row, holder)
    return response


def is_final(response: Response) -> bool:
    """Tell whether asking again would get the same answer."""
    return response.status_code < 500 and response.status_code not in NEVER_STORED


def _credential(request: Request) -> str:
    token = request.auth
    if isinstance(token, ApiToken):
        return actions.secret_key_of("answers", "token", token.pk)
    return actions.secret_key_of("answers", "user", request.user.pk)


def _replay(row: RepeatableAnswer, method: str, path: str, body_digest: str) -> Response:
    if (row.method, row.path, row.body_digest) != (method, path, body_digest):
        told = _("This Idempotency-Key was used for another request.")
        raise Refused(422, "idempotency_mismatch", told)
    if row.status is None:
        raise _at_work()
    headers = {REPLAYED: "true"}
    if row.location:
        headers["Location"] = row.location
    return Response(json.loads(row.body), status=row.status, headers=headers)


def _at_work() -> Refused:
    told = _("A request with this Idempotency-Key is being worked on.")
    return Refused(409, "idempotency_at_work", told, headers={"Retry-After": "2"})
