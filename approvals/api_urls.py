"""Addresses of the approvals API, below /api/v1/."""

from django.urls import URLPattern

app_name = "approvals-api"
urlpatterns: list[URLPattern] = []
