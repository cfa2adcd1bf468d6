"""Why somebody outside should believe the ledger: signatures, epochs and keys, time stamps, witnesses, copies."""
