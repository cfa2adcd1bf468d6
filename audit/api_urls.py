"""Addresses of the evidence API, below /api/v1/."""

from django.urls import path

from audit import api

app_name = "audit-api"
urlpatterns = [
    path("streams", api.StreamList.as_view(), name="streams"),
    path("streams/<slug:uid>", api.StreamDetail.as_view(), name="stream"),
    path("streams/<slug:uid>/entries", api.StreamEntries.as_view(), name="entries"),
    path("streams/<slug:uid>/verify", api.VerifyStream.as_view(), name="verify"),
    path("streams/<slug:uid>/pack", api.PackStream.as_view(), name="pack"),
]
