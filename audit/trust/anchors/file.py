"""A file that only grows, as on a share that is mounted append-only: file:/mnt/worm/checkpoints.

Each checkpoint is followed by an empty line. What was written before must still be there, byte for byte."""

import os
from datetime import timedelta
from pathlib import Path

from audit.models import Anchor as Anchored
from audit.models import Checkpoint
from audit.trust.anchors.places import Address
from audit.trust.holders.errors import Contradicted, NotAnchored

GAP = b"\n"


class AppendedFile:
    """The file. It must exist: one that appeared because a share isn't mounted would be nobody's."""

    usual_pace = timedelta()

    def __init__(self, address: Address) -> None:
        if address.parts.netloc or not address.parts.path.startswith("/"):
            raise ValueError("expected an absolute path, as in file:/mnt/worm/checkpoints")
        self.name, self.path = address.name, Path(address.parts.path)

    def keep(self, checkpoint: Checkpoint) -> str:
        """Append the note and force it to the disk. Returns its offset."""
        data = bytes(checkpoint.note) + GAP
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
            try:
                before = os.fstat(descriptor).st_size
                self._check_earlier(descriptor, before)
                _write(descriptor, data)
                os.fsync(descriptor)
                if os.pread(descriptor, len(data), before) != data:
                    raise NotAnchored(
                        self.name, f"What was written at {before} isn't there: somebody else writes to it."
                    )
            finally:
                os.close(descriptor)
        except FileNotFoundError as error:
            raise NotAnchored(self.name, "There is no such file. Make it once, empty, on the other mount.") from error
        except OSError as error:
            raise NotAnchored(self.name, f"It can't be appended to: {error.strerror}.") from error
        return str(before)

    def _check_earlier(self, descriptor: int, size: int) -> None:
        """Raises Contradicted when the last that was written isn't where it was."""
        last = Anchored.objects.filter(place=self.name).select_related("checkpoint").order_by("-pk").first()
        if last is None:
            return
        offset, note = int(last.reference), bytes(last.checkpoint.note)
        if os.pread(descriptor, len(note), offset) != note:
            raise Contradicted(
                self.name,
                f"The checkpoint over {last.checkpoint.size} heads isn't at byte {offset} any more; the file has "
                f"{size} bytes. Either the file was changed, or our database was.",
            )


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
