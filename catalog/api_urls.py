"""Addresses of the catalog API, below /api/v1/."""

from django.urls import path

from catalog import api

app_name = "catalog-api"
urlpatterns = [
    path("me", api.Me.as_view(), name="me"),
    path("me/contact-points", api.ContactPoints.as_view(), name="contact-points"),
    path("me/notices", api.Notices.as_view(), name="notices"),
    path("teams", api.TeamList.as_view(), name="teams"),
    path("teams/<slug:slug>", api.TeamDetail.as_view(), name="team"),
    path("services", api.ServiceList.as_view(), name="services"),
    path("services/<slug:slug>", api.ServiceDetail.as_view(), name="service"),
    path("services/<slug:slug>/probes", api.SwitchProbes.as_view(), name="switch-probes"),
    path("catalog/import", api.Import.as_view(), name="import"),
]
