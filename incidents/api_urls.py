"""Addresses of the incidents API, below /api/v1/."""

from django.urls import path

from incidents.api import incidents, intake

app_name = "incidents-api"
urlpatterns = [
    path("intake/alertmanager", intake.AlertmanagerView.as_view(), name="intake-alertmanager"),
    path("intake/pagerduty", intake.PagerdutyView.as_view(), name="intake-pagerduty"),
    path("incidents", incidents.IncidentList.as_view(), name="incidents"),
    path("incidents/<str:uid>", incidents.IncidentDetail.as_view(), name="incident"),
    path("incidents/<str:uid>/move", incidents.MoveIncident.as_view(), name="move"),
    path("incidents/<str:uid>/notes", incidents.Notes.as_view(), name="notes"),
    path("incidents/<str:uid>/decisions", incidents.Decisions.as_view(), name="decisions"),
    path("incidents/<str:uid>/corrections", incidents.Corrections.as_view(), name="corrections"),
    path("incidents/<str:uid>/roles", incidents.Roles.as_view(), name="roles"),
    path("incidents/<str:uid>/runs", incidents.Runs.as_view(), name="runs"),
    path("incidents/<str:uid>/entries", incidents.Entries.as_view(), name="entries"),
]
