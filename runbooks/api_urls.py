"""Addresses of the runbooks API, below /api/v1/."""

from django.urls import path

from runbooks.api import acts, forecasts, outlook, proposals, resources, runs, texts, workers

app_name = "runbooks-api"
RUN = "runs/<str:uid>"
urlpatterns = [
    path("runbooks", texts.RunbookList.as_view(), name="list"),
    path("runbooks/<slug:slug>", texts.RunbookDetail.as_view(), name="detail"),
    path("runbooks/<slug:slug>/versions", texts.VersionList.as_view(), name="versions"),
    path("runbooks/<slug:slug>/versions/<int:number>", texts.VersionDetail.as_view(), name="version"),
    path("runbooks/<slug:slug>/versions/<int:number>/publish", texts.Publish.as_view(), name="publish"),
    path("runs", runs.RunList.as_view(), name="runs"),
    path(RUN, runs.RunDetail.as_view(), name="run"),
    path(f"{RUN}/change-input", acts.ChangeInput.as_view(), name="change-input"),
    path(f"{RUN}/undo-forecast", forecasts.UndoForecast.as_view(), name="undo-forecast"),
    path(f"{RUN}/moves", forecasts.Moves.as_view(), name="moves"),
    path(f"{RUN}/moves/<str:move>/decide", forecasts.DecideMove.as_view(), name="decide-move"),
    path(f"{RUN}/proposals/<int:proposal>/accept", proposals.Accept.as_view(), name="accept-proposal"),
    path(f"{RUN}/proposals/<int:proposal>/decline", proposals.Decline.as_view(), name="decline-proposal"),
    path(f"{RUN}/steps/<str:step>/rerun", forecasts.Rerun.as_view(), name="step-rerun"),
    path(f"{RUN}/steps/<str:step>/impact", outlook.StepImpact.as_view(), name="step-impact"),
    path(f"{RUN}/steps/<str:step>/preview", outlook.StepPreview.as_view(), name="step-preview"),
    path(f"{RUN}/steps/<str:step>/attach", outlook.Attach.as_view(), name="step-attach"),
    path("resources", resources.ResourceList.as_view(), name="resources"),
    path("resources/<slug:resource>", resources.ResourceDetail.as_view(), name="resource"),
    path("actions", workers.Actions.as_view(), name="actions"),
    path("workers", workers.Workers.as_view(), name="workers"),
    path("workers/<int:worker>/drain", workers.Drain.as_view(), name="drain"),
    *(path(f"{RUN}/{act}", acts.view_of(acts.RunAct, act).as_view(), name=act) for act in acts.RUN_ACTS),
    *(
        path(f"{RUN}/groups/<str:group>/{act}", acts.view_of(acts.GroupAct, act).as_view(), name=f"group-{act}")
        for act in acts.GROUP_ACTS
    ),
    *(
        path(f"{RUN}/steps/<str:step>/{act}", acts.view_of(acts.StepAct, act).as_view(), name=f"step-{act}")
        for act in acts.STEP_ACTS
    ),
]
