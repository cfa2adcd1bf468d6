"""Addresses of the runbooks API, below /api/v1/."""

from django.urls import path

from runbooks import api

app_name = "runbooks-api"
urlpatterns = [
    path("runbooks", api.RunbookList.as_view(), name="list"),
    path("runbooks/<slug:slug>", api.RunbookDetail.as_view(), name="detail"),
    path("runbooks/<slug:slug>/versions", api.VersionList.as_view(), name="versions"),
    path("runbooks/<slug:slug>/versions/<int:number>", api.VersionDetail.as_view(), name="version"),
    path("runbooks/<slug:slug>/versions/<int:number>/publish", api.Publish.as_view(), name="publish"),
    path("runs", api.RunList.as_view(), name="runs"),
    path("runs/<str:uid>", api.RunDetail.as_view(), name="run"),
    path("runs/<str:uid>/change-input", api.ChangeInput.as_view(), name="change-input"),
    path("runs/<str:uid>/cancel", api.Cancel.as_view(), name="cancel"),
    *(
        path(f"runs/<str:uid>/steps/<str:step>/{act}", api.step_act(act).as_view(), name=f"step-{act}")
        for act in api.ACTS
    ),
]
