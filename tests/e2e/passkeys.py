"""Passkeys in Chromium: an authenticator that exists in software alone, asked by the real WebAuthn of the browser."""

from playwright.sync_api import CDPSession, Page

from drill.demo import PASSWORD

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def virtual_key(page: Page, **changes: object) -> CDPSession:
    """A device with finger or PIN that always says yes, for this page. Keep the session: the device ends with it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    session.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **changes}})
    return session


def enrol_passkey(page: Page, name: str = "Work laptop") -> CDPSession:
    """Whoever is signed in on this page has a passkey now, and a device that gives it; the page shows the next step.

    The page must have been opened by name: Person(…, by_name=True)."""
    session = virtual_key(page)
    page.goto("/me/factors/passkey/")
    if page.get_by_label("Password", exact=True).count():
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    page.get_by_label("What you call it").fill(name)
    page.get_by_role("button", name="Create the passkey").click()
    page.wait_for_url("**/me/factors/codes/")
    return session
