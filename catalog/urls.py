"""Addresses of the catalog pages. No service is called "-", so what stands below it is no service."""

from django.urls import path

from catalog import views

app_name = "catalog"
urlpatterns = [
    path("", views.service_list, name="services"),
    path("-/import/", views.import_files, name="import"),
    path("-/teams/", views.team_list, name="teams"),
    path("<slug:slug>/", views.service, name="service"),
    path("<slug:slug>/probes/<int:probe_id>/", views.switch_probe, name="switch-probe"),
]
