"""Addresses of the approvals pages."""

from django.urls import path

from approvals import act_views, delegation_views, insight_views, policy_views, views

app_name = "approvals"
urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("policies/", policy_views.policy_list, name="policies"),
    path("policies/-/new", policy_views.propose, name="new-policy"),
    path("policies/<slug:slug>/", policy_views.policy, name="policy"),
    path("policies/<slug:slug>/propose", policy_views.propose, name="propose"),
    path("policies/<slug:slug>/versions/<int:number>/rule", policy_views.rule, name="rule-policy"),
    path("delegations/", delegation_views.delegation_list, name="delegations"),
    path("delegations/new", delegation_views.delegate, name="delegate"),
    path("delegations/away", delegation_views.away, name="away"),
    path("delegations/away/<int:absence_id>/back", delegation_views.back, name="back"),
    path("delegations/<str:uid>/end", delegation_views.end_delegation, name="end-delegation"),
    path("explain/", insight_views.explained, name="explain"),
    path("measures/", insight_views.measures, name="measures"),
    path("<str:uid>/", views.page, name="page"),
    path("<str:uid>/decide", views.decide, name="decide"),
    path("<str:uid>/cover", views.cover, name="cover"),
    path("<str:uid>/ask", act_views.ask, name="ask"),
    path("<str:uid>/answer", act_views.answer, name="answer"),
    path("<str:uid>/conditions/<int:condition>/confirm", act_views.confirm, name="confirm"),
    path("<str:uid>/withdraw", act_views.withdraw, name="withdraw"),
    path("<str:uid>/break-glass", act_views.break_glass, name="break-glass"),
    path("<str:uid>/review", act_views.review, name="review"),
    path("<str:uid>/standing", act_views.standing, name="standing"),
    path("<str:uid>/standing/<str:standing>/end", act_views.end_standing, name="end-standing"),
]
