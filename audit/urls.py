"""Addresses of the evidence pages, below /evidence/."""

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("", views.streams, name="streams"),
    path("<slug:uid>/", views.stream, name="stream"),
    path("<slug:uid>/verify", views.verify, name="verify"),
    path("<slug:uid>/pack", views.pack, name="pack"),
]
