"""Addresses of filings: pages below /regulation/, API below /api/v1/."""

from django.urls import path

from audit.api import filings as api_views
from audit.views import filings

pages = [
    path("filings/", filings.filings, name="filings"),
    path("filings/new", filings.new_filing, name="new-filing"),
    path("filings/<slug:uid>/", filings.filing, name="filing"),
    path("filings/<slug:uid>/check", filings.check, name="filing-check"),
    path("filings/<slug:uid>/review", filings.review, name="review-filing"),
    path("filings/<slug:uid>/refill", filings.refill, name="refill-filing"),
    path("filings/<slug:uid>/submit", filings.submit, name="submit-filing"),
    path("filings/<slug:uid>/acknowledge", filings.acknowledge, name="acknowledge-filing"),
    path("filings/<slug:uid>/how", filings.set_files, name="filing-files"),
    path("filings/<slug:uid>/sections/<slug:name>", filings.section, name="filing-section"),
    path("filings/<slug:uid>/moves/<slug:act>", filings.move, name="move-filing"),
    path("filings/<slug:uid>/files/<slug:form>", filings.download, name="filing-file"),
]
api = [
    path("filings", api_views.Filings.as_view(), name="filings"),
    path("filings/<slug:uid>", api_views.FilingDetail.as_view(), name="filing"),
    path("filings/<slug:uid>/values", api_views.FilingValues.as_view(), name="filing-values"),
    path("filings/<slug:uid>/refill", api_views.RefillFiling.as_view(), name="refill-filing"),
    path("filings/<slug:uid>/how", api_views.FilingHow.as_view(), name="filing-how"),
    path("filings/<slug:uid>/review", api_views.ReviewFiling.as_view(), name="review-filing"),
    path("filings/<slug:uid>/submit", api_views.SubmitFiling.as_view(), name="submit-filing"),
    path("filings/<slug:uid>/acknowledge", api_views.AcknowledgeFiling.as_view(), name="acknowledge-filing"),
    path("filings/<slug:uid>/moves/<slug:act>", api_views.MoveFiling.as_view(), name="move-filing"),
    path("filings/<slug:uid>/files/<slug:form>", api_views.FilingFile.as_view(), name="filing-file"),
]
