"""A bucket that keeps what it gets for years (S3 object lock):

s3://bucket/folder?endpoint=https://s3.eu-central-1.amazonaws.com&region=eu-central-1&days=3650&mode=compliance

The keys are the secrets anchor_s3_id and anchor_s3_key (or what `secrets` begins with instead of anchor_s3). botocore
signs; the request itself goes through the egress guard like all others."""

import base64
import re
from datetime import datetime, timedelta
from hashlib import md5, sha256
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from audit.cosigning import origin_of
from audit.models import Checkpoint
from audit.trust.anchors.places import Address
from audit.trust.holders.errors import NotAnchored
from plumbing import clock, http, secrets

DEADLINE_S = 15.0
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
MODES = ("compliance", "governance")
LOCK_MODE, LOCK_UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
OPTIONS = ("endpoint", "region", "days", "mode", "secrets")
LONGEST_DAYS = 36_500


class Bucket:
    """The bucket, and for how long it keeps what it gets."""

    usual_pace = timedelta(minutes=10)

    def __init__(self, address: Address) -> None:
        options = address.options
        self.name, self.bucket, self.folder = address.name, address.parts.netloc, address.parts.path.strip("/")
        self.endpoint, self.region = options.get("endpoint", "").rstrip("/"), options.get("region", "us-east-1")
        self.mode, days = options.get("mode", "compliance").lower(), options.get("days", "3650")
        self.secrets = options.get("secrets", "anchor_s3")
        if not BUCKET.fullmatch(self.bucket):
            raise ValueError("expected a bucket's name, as in s3://checkpoints/folder")
        if urlsplit(self.endpoint).scheme not in {"http", "https"} or urlsplit(self.endpoint).path:
            raise ValueError("expected endpoint=https://host")
        if self.mode not in MODES:
            raise ValueError(f"found mode={self.mode}, expected {' or '.join(MODES)}")
        if not (days.isascii() and days.isdecimal() and 0 < int(days) <= LONGEST_DAYS):
            raise ValueError(f"found days={days}, expected 1 to {LONGEST_DAYS}")
        self.kept = timedelta(days=int(days))

    def keep(self, checkpoint: Checkpoint) -> str:
        """Put the note there, and see that it is locked. Returns its key and version."""
        note = bytes(checkpoint.note)
        log = sha256(origin_of(note).encode()).hexdigest()[:16]  # logs may share a bucket
        key = "/".join(part for part in (self.folder, log, f"{checkpoint.size:012}") if part)
        until = clock.now() + self.kept
        answer = self._put(key, note, until)
        version = answer.headers.get("x-amz-version-id", "")
        self._check_locked(key, version, until)
        return f"{key} version {version}" if version else key

    def _put(self, key: str, note: bytes, until: datetime) -> http.Answer:
        checksum = md5(note, usedforsecurity=False).digest()  # S3 wants one with a lock; this one everybody knows
        headers = {
            "content-type": "text/plain; charset=utf-8",
            "content-md5": base64.b64encode(checksum).decode(),
            LOCK_MODE: self.mode.upper(),
            LOCK_UNTIL: f"{until:%Y-%m-%dT%H:%M:%SZ}",
        }
        return self._ask("PUT", key, headers, note)

    def _check_locked(self, key: str, version: str, until: datetime) -> None:
        """A bucket without locks may pass over the headers in silence."""
        target = f"{key}?versionId={quote(version, safe='')}" if version else key
        told = self._ask("HEAD", target, {}, b"").headers
        locked = told.get(LOCK_UNTIL, "")
        try:
            holds = datetime.fromisoformat(locked) >= until.replace(microsecond=0)
        except (ValueError, TypeError):
            holds = False
        if told.get(LOCK_MODE, "").lower() not in MODES or not holds:
            raise NotAnchored(self.name, f"It took {key} without a lock: the bucket must be made with object lock.")

    def _ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> http.Answer:
        url = f"{self.endpoint}/{self.bucket}/{quote(target, safe='/?=&%')}"
        with secrets.watched() as watch:
            try:
                signed = self._signed(method, url, headers, body)
                answer = http.request(method, url, headers=signed, body=body, deadline_s=DEADLINE_S)
            except (http.EgressError, secrets.SecretRefused) as error:
                raise NotAnchored(self.name, watch.redacted(str(error))) from None
            if answer.status != 200:
                said = " ".join(answer.body.decode(errors="replace").split())[:200]
                raise NotAnchored(self.name, watch.redacted(f"{method} {target} was answered {answer.status}. {said}"))
        return answer

    def _signed(self, method: str, url: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
        """The headers, with the signature of AWS version 4. Raises SecretRefused."""
        credentials = Credentials(secrets.reveal(f"{self.secrets}_id"), secrets.reveal(f"{self.secrets}_key"))
        request = AWSRequest(method, url, headers=headers, data=body)
        S3SigV4Auth(credentials, "s3", self.region).add_auth(request)
        return dict(request.headers.items())
