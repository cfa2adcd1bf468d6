"""Addresses of the approvals API, below /api/v1/."""

from django.urls import path

from approvals import api

app_name = "approvals-api"
urlpatterns = [
    path("approvals", api.RequestList.as_view(), name="list"),
    path("approvals/<str:uid>", api.RequestDetail.as_view(), name="detail"),
    path("approvals/<str:uid>/decide", api.Decide.as_view(), name="decide"),
]
