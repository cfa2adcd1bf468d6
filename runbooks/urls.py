"""Addresses of the runbooks pages."""

from django.urls import path

from runbooks import views
from runbooks.views import run_acts, step_acts

app_name = "runbooks"
RUN = "runs/<str:uid>"
STEP = f"{RUN}/steps/<str:step>"
PROPOSAL = f"{RUN}/proposals/<int:proposal>"
GROUP = f"{RUN}/groups/<str:group>"
urlpatterns = [
    path("", views.listing, name="list"),
    path(f"{RUN}/", views.run, name="run"),
    path(f"{RUN}/change-input", views.change_input, name="change-input"),
    *(path(f"{RUN}/{act}", views.run_act, {"act": act}, name=act) for act in run_acts.ACTS),
    path(f"{RUN}/undo", views.undo, name="undo"),
    path(f"{RUN}/move", views.move_run, name="move"),
    path(f"{RUN}/moves/<str:move>/", views.decide_move, name="decide-move"),
    path(f"{PROPOSAL}/accept", views.answer_proposal, {"accept": True}, name="accept-proposal"),
    path(f"{PROPOSAL}/decline", views.answer_proposal, {"accept": False}, name="decline-proposal"),
    path(f"{GROUP}/undo", views.undo_group, name="undo-group"),
    path(f"{GROUP}/assess", views.assess, name="assess"),
    path(f"{STEP}/", views.step, name="step"),
    path(f"{STEP}/output", views.output, name="step-output"),
    path(f"{STEP}/preview", views.preview, name="step-preview"),
    *(path(f"{STEP}/{act}", views.step_act, {"act": act}, name=f"step-{act}") for act in step_acts.ACTS),
    path(f"{STEP}/undo-branch", views.undo_branch, name="step-undo-branch"),
    path(f"{STEP}/rerun", views.rerun, name="step-rerun"),
    path("workers/", views.workers, name="workers"),
    path("workers/<int:worker>/drain", views.drain, name="drain"),
    path("<slug:slug>/", views.page, name="page"),
]
