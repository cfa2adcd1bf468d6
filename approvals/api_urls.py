"""Addresses of the approvals API, below /api/v1/."""

from django.urls import path

from approvals import act_api, api

app_name = "approvals-api"
urlpatterns = [
    path("approvals", api.RequestList.as_view(), name="list"),
    path("approvals/<str:uid>", api.RequestDetail.as_view(), name="detail"),
    path("approvals/<str:uid>/decide", api.Decide.as_view(), name="decide"),
    path("approvals/<str:uid>/questions", act_api.Ask.as_view(), name="ask"),
    path("approvals/<str:uid>/answers", act_api.Answer.as_view(), name="answer"),
    path("approvals/<str:uid>/withdraw", act_api.Withdraw.as_view(), name="withdraw"),
    path("approvals/<str:uid>/break-glass", act_api.BreakGlass.as_view(), name="break-glass"),
    path("approvals/<str:uid>/review", act_api.DecideReview.as_view(), name="review"),
    path("approvals/<str:uid>/use", act_api.Use.as_view(), name="use"),
]
