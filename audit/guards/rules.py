"""What holds for each table of the ledger, whatever the database."""

TABLES: dict[str, list[tuple[str, ...]]] = {  # table -> its unique keys besides id
    "ledger_stream": [("uid",)],
    "ledger_entry": [("uid",), ("stream_id", "seq")],
    "ledger_disclosure": [("entry_id", "name")],
    "ledger_erasure": [("entry_id", "name")],
    "ledger_head": [("idx",), ("stream_id", "size")],
    "ledger_checkpoint": [("size",)],
    "ledger_timestamp": [],
    "ledger_cosignature": [("checkpoint_id", "witness")],
    "ledger_anchor": [("checkpoint_id", "place")],
    "ledger_pack": [("uid",)],
    "ledger_key": [("public",)],
    "ledger_key_retirement": [("key_id",)],
    "ledger_epoch": [("number",), ("origin",)],
    "ledger_pack_part": [("pack_id", "stream_id")],
}
MOVES_FORWARD = "ledger_stream"  # the one table with an allowed update
ERASABLE = "ledger_disclosure"  # the one table with an allowed delete
LEAVES = ("ledger_entry", "ledger_head")  # leaf = SHA-256(0x00 || body)
