"""Addresses of the runbooks API, below /api/v1/."""

from django.urls import URLPattern

app_name = "runbooks-api"
urlpatterns: list[URLPattern] = []
