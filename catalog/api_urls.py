"""Addresses of the catalog API, below /api/v1/."""

from django.urls import URLPattern

app_name = "catalog-api"
urlpatterns: list[URLPattern] = []
