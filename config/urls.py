"""Which address belongs to which room."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from incidents.views import home

handler500 = "config.errors.server_error"
rooms = ["incidents", "runbooks", "approvals", "catalog", "audit"]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("", include("catalog.account_urls")),
    path("me/reach/", include("catalog.reach_urls")),
    path("", include("incidents.urls")),
    path("runbooks/", include("runbooks.urls")),
    path("approvals/", include("approvals.urls")),
    path("services/", include("catalog.urls")),
    path("evidence/", include("audit.urls")),
    path("regulation/", include("audit.regulation_urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    *(path("api/v1/", include(f"{room}.api_urls")) for room in rooms),
]
if settings.DEMO or settings.DEBUG:
    urlpatterns.append(path("style/", include("config.style_page")))
