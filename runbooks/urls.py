"""Addresses of the runbooks pages."""

from django.urls import URLPattern

app_name = "runbooks"
urlpatterns: list[URLPattern] = []
