"""Addresses of the approvals pages."""

from django.urls import path

from approvals import act_views, views

app_name = "approvals"
urlpatterns = [
    path("", views.inbox, name="inbox"),
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
