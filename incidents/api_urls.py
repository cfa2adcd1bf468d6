"""Addresses of the incidents API, below /api/v1/."""

from django.urls import URLPattern

app_name = "incidents-api"
urlpatterns: list[URLPattern] = []
