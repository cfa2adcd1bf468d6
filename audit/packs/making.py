"""Makes one claimed job in this process: what the child of running.py does."""

from audit.errors import LedgerError
from audit.ledger import Actor
from audit.models import Pack, PackJob, PackState
from audit.packs import jobs
from audit.packs.errors import ErasedMeanwhile, Superseded
from audit.packs.issue import issue
from audit.packs.orders import order_of_job
from audit.trust.holders.errors import NotStamped
from plumbing.failpoints import fail_here

TOO_MUCH_MEMORY = "Making it takes more memory than it may. Ask for a shorter period or fewer streams."


class _Asker:
    """Whoever asked, as who made the pack."""

    def __init__(self, actor_id: str) -> None:
        self.actor_id = actor_id


def make(uid: str, tries: int) -> bool:
    """Make a job that was claimed as its `tries`th try. True when it is settled; False when it is somebody else's."""
    job = PackJob.objects.filter(uid=uid, state=PackState.MAKING, tries=tries).first()
    if job is None:
        return False
    asker: Actor = _Asker(job.asked_by)

    def tell(doing: str, percent: int) -> None:
        fail_here("pack_progress")
        jobs.keep_claim(job, doing, percent)

    def then(pack: Pack, file_size: int) -> None:
        jobs.settle_done(job, pack, file_size)

    try:
        issue(order_of_job(job), actor=asker, tell=tell, then=then)
    except Superseded:
        return False
    except (NotStamped, ErasedMeanwhile) as error:
        jobs.postpone(job, str(error))
    except MemoryError:
        jobs.settle_failed(job, TOO_MUCH_MEMORY)
    except LedgerError as error:
        jobs.settle_failed(job, str(error))
    return True
