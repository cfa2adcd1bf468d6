"""Addresses of the pages about how one is reached."""

from django.urls import path

from catalog import reach_views

app_name = "reach"
urlpatterns = [
    path("", reach_views.page, name="page"),
    path("add/", reach_views.add, name="add"),
    path("<str:uid>/test/", reach_views.test, name="test"),
    path("<str:uid>/remove/", reach_views.remove, name="remove"),
]
