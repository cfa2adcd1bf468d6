"""Addresses of the evidence API, below /api/v1/."""

from django.urls import path

from audit import filing_urls, redaction_urls, regime_urls
from audit.api import packs, streams, trust, verifying

app_name = "audit-api"
urlpatterns = [
    *redaction_urls.api,
    *filing_urls.api,
    *regime_urls.api,
    path("streams", streams.StreamList.as_view(), name="streams"),
    path("streams/<slug:uid>", streams.StreamDetail.as_view(), name="stream"),
    path("streams/<slug:uid>/entries", streams.StreamEntries.as_view(), name="entries"),
    path("streams/<slug:uid>/verify", streams.VerifyStream.as_view(), name="verify"),
    path("streams/<slug:uid>/pack", packs.PackStream.as_view(), name="pack"),
    path("streams/<slug:uid>/files", packs.StreamFiles.as_view(), name="files"),
    path("streams/<slug:uid>/files/<int:seq>", packs.StreamFile.as_view(), name="file"),
    path("packs", packs.PackList.as_view(), name="packs"),
    path("packs/<slug:uid>", packs.PackDetail.as_view(), name="pack-job"),
    path("packs/<slug:uid>/file", packs.PackFile.as_view(), name="pack-file"),
    path("packs/<slug:uid>/cancel", packs.CancelPack.as_view(), name="cancel-pack"),
    path("verify-pack", verifying.VerifyPack.as_view(), name="verify-pack"),
    path("trust", trust.Trust.as_view(), name="trust"),
]
