"""How long a step waits before it is tried again. Pure."""

from hashlib import sha256

from runbooks.engine.model import Retry

MAX_DELAY_S = 3600.0


def delay_s(retry: Retry, tries: int, key: str = "") -> float:
    """Seconds to wait after the failure of try number `tries`, at most MAX_DELAY_S.

    key: what the share that jitter takes off is drawn from; equal keys give equal waits."""
    try:
        wait = min(retry.delay_s * retry.backoff ** (tries - 1), MAX_DELAY_S)
    except OverflowError:
        wait = MAX_DELAY_S
    if retry.jitter:
        wait *= 1 - retry.jitter * int(sha256(key.encode()).hexdigest()[:8], 16) / 16**8
    return wait
