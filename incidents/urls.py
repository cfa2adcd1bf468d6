"""Addresses of the incidents pages."""

from django.urls import path

from incidents.views import acts, lists, room

app_name = "incidents"
ONE = "incidents/<str:uid>"
urlpatterns = [
    path("incidents/", lists.incident_list, name="list"),
    path("incidents/declare", lists.declare, name="declare"),
    path(ONE, room.room, name="room"),
    path(f"{ONE}/feed", room.feed, name="feed"),
    path(f"{ONE}/part/<str:name>", room.fragment, name="fragment"),
    path(f"{ONE}/timeline", room.history, name="history"),
    path(f"{ONE}/write", acts.write, name="write"),
    path(f"{ONE}/move", acts.move, name="move"),
    path(f"{ONE}/severity", acts.severity, name="severity"),
    path(f"{ONE}/update", acts.update, name="update"),
    path(f"{ONE}/earlier", acts.earlier, name="earlier"),
    path(f"{ONE}/correct/<int:seq>", acts.correct, name="correct"),
    path(f"{ONE}/give-role", acts.give_role, name="give-role"),
    path(f"{ONE}/take-role", acts.take_role, name="take-role"),
    path(f"{ONE}/leave-role", acts.leave_role, name="leave-role"),
    path(f"{ONE}/start-runbook", acts.start_runbook, name="start-runbook"),
]
