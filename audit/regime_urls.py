"""Addresses of deadlines, worksheets, entities and regimes: pages below /regulation/, API below /api/v1/."""

from django.urls import path

from audit.api import regimes as api_views
from audit.views import regimes, rules

API = "regulation/streams/<slug:uid>"

pages = [
    path("", regimes.deadlines, name="deadlines"),
    path("entities/", rules.entity_list, name="entities"),
    path("entities/new", rules.entity_form, name="new-entity"),
    path("entities/<slug:entity>/", rules.entity_page, name="entity"),
    path("entities/<slug:entity>/change", rules.entity_form, name="change-entity"),
    path("entities/<slug:entity>/regimes/<slug:name>", rules.applies, name="applies"),
    path("regimes/", rules.regime_list, name="regimes"),
    path("regimes/new", rules.propose, name="new-regime"),
    path("regimes/<slug:name>/", rules.regime_page, name="regime"),
    path("regimes/<slug:name>/propose", rules.propose, name="propose-regime"),
    path("regimes/<slug:name>/versions/<int:number>", rules.rule, name="rule-regime"),
]
about = [  # last: the uid of a stream matches whatever stands alone
    path("<slug:uid>/", regimes.about, name="about"),
    path("<slug:uid>/moments", regimes.state, name="state"),
    path("<slug:uid>/clocks/<slug:clock>/not-needed", regimes.not_needed, name="not-needed"),
    path("<slug:uid>/<slug:entity>/<slug:name>/", regimes.classify, name="classify"),
    path("<slug:uid>/<slug:entity>/<slug:name>/decide", regimes.decide, name="decide"),
]
api = [
    path("regulation/deadlines", api_views.Deadlines.as_view(), name="deadlines"),
    path("regulation/regimes", api_views.Regimes.as_view(), name="regimes"),
    path("regulation/regimes/<slug:name>", api_views.RegimeDetail.as_view(), name="regime"),
    path("regulation/regimes/<slug:name>/versions/<int:number>", api_views.RuleRegime.as_view(), name="rule-regime"),
    path("regulation/entities", api_views.Entities.as_view(), name="entities"),
    path("regulation/entities/<slug:entity>", api_views.EntityDetail.as_view(), name="entity"),
    path("regulation/entities/<slug:entity>/regimes/<slug:name>", api_views.Applies.as_view(), name="applies"),
    path(API, api_views.About.as_view(), name="about"),
    path(f"{API}/moments", api_views.Moments.as_view(), name="moments"),
    path(f"{API}/clocks/<slug:clock>/not-needed", api_views.NotNeeded.as_view(), name="not-needed"),
    path(f"{API}/<slug:entity>/<slug:name>", api_views.Worksheet.as_view(), name="worksheet"),
    path(f"{API}/<slug:entity>/<slug:name>/decisions", api_views.Decisions.as_view(), name="decisions"),
]
