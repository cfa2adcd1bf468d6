"""Connects filings to what they read and to what reads them."""

from audit.filings import decided, entities, opening, packing, prefill
from audit.packs import providers


def connect() -> None:
    """Called once, when the app is ready. What filings know of themselves comes first, what they carry on last."""
    prefill.register("", opening.workflow, rank=0)
    prefill.register("", opening.reference, rank=1)
    prefill.register("", decided.offers, rank=20)
    prefill.register("", entities.offers, rank=30)
    prefill.register("", opening.carried, rank=90)
    providers.register("", packing.forms_of)
