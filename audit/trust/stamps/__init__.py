"""Time stamps of RFC 3161: a third party attests that some bytes existed at a time. `token_for(data)` gets one."""

from audit.trust.stamps.asking import is_configured, roots, token_for, trust_pem
from audit.trust.stamps.tokens import BadToken, Token, verify

__all__ = ["BadToken", "Token", "is_configured", "roots", "token_for", "trust_pem", "verify"]
