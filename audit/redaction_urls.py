"""Addresses of redaction, erasure, holds and retention: pages below /evidence/, API below /api/v1/."""

from django.urls import path

from audit.api import redaction as api_views
from audit.views import erasures, holds, redaction

pages = [
    path("redactions/", redaction.redactions, name="redactions"),
    path("redactions/new", redaction.new_redaction, name="new-redaction"),
    path("redactions/<slug:uid>/", redaction.redaction, name="redaction"),
    path("redactions/<slug:uid>/choose", redaction.choose, name="choose-redaction"),
    path("redactions/<slug:uid>/ask", redaction.ask, name="ask-redaction"),
    path("redactions/<slug:uid>/decide", redaction.decide, name="decide-redaction"),
    path("redactions/<slug:uid>/withdraw", redaction.withdraw, name="withdraw-redaction"),
    path("erasures/", erasures.erasures, name="erasures"),
    path("erasures/new", erasures.new_erasure, name="new-erasure"),
    path("erasures/<slug:uid>/", erasures.erasure, name="erasure"),
    path("erasures/<slug:uid>/decide", erasures.decide, name="decide-erasure"),
    path("erasures/<slug:uid>/withdraw", erasures.withdraw, name="withdraw-erasure"),
    path("holds/", holds.holds, name="holds"),
    path("holds/set", holds.set_hold, name="set-hold"),
    path("holds/class", holds.choose_class, name="choose-class"),
    path("holds/past", holds.erase_past, name="erase-past"),
    path("holds/<slug:uid>/lift", holds.lift, name="lift-hold"),
    path("holds/<slug:uid>/decide", holds.decide_lift, name="decide-lift"),
]
api = [
    path("redactions", api_views.Redactions.as_view(), name="redactions"),
    path("redactions/<slug:uid>", api_views.Redaction.as_view(), name="redaction"),
    path("redactions/<slug:uid>/preview", api_views.RedactionPreview.as_view(), name="redaction-preview"),
    path("redactions/<slug:uid>/choose", api_views.ChooseRedaction.as_view(), name="choose-redaction"),
    path("redactions/<slug:uid>/ask", api_views.AskRedaction.as_view(), name="ask-redaction"),
    path("redactions/<slug:uid>/decide", api_views.DecideRedaction.as_view(), name="decide-redaction"),
    path("redactions/<slug:uid>/withdraw", api_views.WithdrawRedaction.as_view(), name="withdraw-redaction"),
    path("erasures", api_views.Erasures.as_view(), name="erasures"),
    path("erasures/<slug:uid>", api_views.Erasure.as_view(), name="erasure"),
    path("erasures/<slug:uid>/decide", api_views.DecideErasure.as_view(), name="decide-erasure"),
    path("erasures/<slug:uid>/withdraw", api_views.WithdrawErasure.as_view(), name="withdraw-erasure"),
    path("holds", api_views.Holds.as_view(), name="holds"),
    path("holds/<slug:uid>/lift", api_views.LiftHold.as_view(), name="lift-hold"),
    path("holds/<slug:uid>/decide", api_views.DecideLift.as_view(), name="decide-lift"),
    path("retention", api_views.Retention.as_view(), name="retention"),
    path("retention/erase", api_views.ErasePast.as_view(), name="erase-past"),
]
