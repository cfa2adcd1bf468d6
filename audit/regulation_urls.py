"""Addresses of what authorities ask for, below /regulation/."""

from audit import filing_urls, regime_urls

app_name = "regulation"
urlpatterns = [
    *filing_urls.pages,
    *regime_urls.pages,
    *regime_urls.about,
]
