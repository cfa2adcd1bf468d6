"""Addresses of the runbooks pages."""

from django.urls import path

from runbooks import views
from runbooks.views.acts import ACTS

app_name = "runbooks"
STEP = "runs/<str:uid>/steps/<str:step>"
urlpatterns = [
    path("", views.listing, name="list"),
    path("runs/<str:uid>/", views.run, name="run"),
    path("runs/<str:uid>/change-input", views.change_input, name="change-input"),
    path("runs/<str:uid>/cancel", views.cancel, name="cancel"),
    path(f"{STEP}/", views.step, name="step"),
    *(path(f"{STEP}/{act}", views.step_act, {"act": act}, name=f"step-{act}") for act in ACTS),
    path("<slug:slug>/", views.page, name="page"),
]
