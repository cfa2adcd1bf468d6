"""Addresses of the approvals API, below /api/v1/."""

from django.urls import path

from approvals import act_api, api, rule_api

app_name = "approvals-api"
urlpatterns = [
    path("approvals", api.RequestList.as_view(), name="list"),
    path("approvals/policies", rule_api.Policies.as_view(), name="policies"),
    path("approvals/policies/<slug:slug>", rule_api.PolicyVersions.as_view(), name="policy"),
    path(
        "approvals/policies/<slug:slug>/versions/<int:number>/rule", rule_api.RulePolicy.as_view(), name="rule-policy"
    ),
    path("approvals/delegations", rule_api.Delegations.as_view(), name="delegations"),
    path("approvals/delegations/<str:uid>/end", rule_api.EndDelegation.as_view(), name="end-delegation"),
    path("approvals/explain", rule_api.Explain.as_view(), name="explain"),
    path("approvals/measures", rule_api.MeasuresOf.as_view(), name="measures"),
    path("approvals/<str:uid>", api.RequestDetail.as_view(), name="detail"),
    path("approvals/<str:uid>/decide", api.Decide.as_view(), name="decide"),
    path("approvals/<str:uid>/questions", act_api.Ask.as_view(), name="ask"),
    path("approvals/<str:uid>/answers", act_api.Answer.as_view(), name="answer"),
    path("approvals/<str:uid>/withdraw", act_api.Withdraw.as_view(), name="withdraw"),
    path("approvals/<str:uid>/break-glass", act_api.BreakGlass.as_view(), name="break-glass"),
    path("approvals/<str:uid>/review", act_api.DecideReview.as_view(), name="review"),
    path("approvals/<str:uid>/use", act_api.Use.as_view(), name="use"),
]
