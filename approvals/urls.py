"""Addresses of the approvals pages."""

from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<str:uid>/", views.page, name="page"),
    path("<str:uid>/decide", views.decide, name="decide"),
    path("<str:uid>/cover", views.cover, name="cover"),
]
