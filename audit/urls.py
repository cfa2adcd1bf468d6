"""Addresses of the evidence pages, below /evidence/."""

from django.urls import path

from audit import redaction_urls
from audit.views import packs, streams, trust, verifying

app_name = "audit"
urlpatterns = [
    path("", streams.streams, name="streams"),
    path("trust/", trust.trust, name="trust"),
    *redaction_urls.pages,
    path("packs/", packs.packs, name="packs"),
    path("packs/new", packs.new_pack, name="new-pack"),
    path("packs/<slug:uid>/", packs.pack_job, name="pack-job"),
    path("packs/<slug:uid>/file", packs.download_pack, name="download-pack"),
    path("packs/<slug:uid>/cancel", packs.cancel_pack, name="cancel-pack"),
    path("verify/", verifying.verify_pack, name="verify-pack"),
    path("verify/verify.html", verifying.offline_verifier, name="offline-verifier"),
    path("<slug:uid>/", streams.stream, name="stream"),
    path("<slug:uid>/verify", streams.verify, name="verify"),
]
