"""A fresh second factor: how it was given, and when."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor that somebody gave in this session. method: "webauthn" or "totp"."""

    method: str
    at: dt.datetime
