"""Addresses of the audit API, below /api/v1/."""

from django.urls import URLPattern

app_name = "audit-api"
urlpatterns: list[URLPattern] = []
