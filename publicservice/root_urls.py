"""Addresses for everybody: the citizens' pages and Open311."""

from django.urls import path, re_path

from .views import citizen, open311

KIND = r"\.(?P<kind>json|xml)$"
urlpatterns = [
    path("citizen/", citizen.home, name="citizen"),
    path("citizen/new/", citizen.new, name="citizen-new"),
    path("citizen/code/", citizen.send_code, name="citizen-code"),
    path("citizen/done/", citizen.done, name="citizen-done"),
    path("citizen/track/", citizen.track, name="citizen-track"),
    path("citizen/nearby/", citizen.nearby, name="citizen-nearby"),
    path("citizen/directory/", citizen.directory, name="citizen-directory"),
    path("citizen/districts.geojson", citizen.districts, name="citizen-districts"),
    path("citizen/notices/<int:pk>/", citizen.notice, name="citizen-notice"),
    path("citizen/visit/<str:token>/", citizen.visit, name="citizen-visit"),
    path("open311/discovery.json", open311.discovery),
    re_path(r"^open311/v2/services" + KIND, open311.service_list, name="open311-services"),
    re_path(r"^open311/v2/services/(?P<code>\w+)" + KIND, open311.service_definition),
    re_path(r"^open311/v2/requests" + KIND, open311.requests, name="open311-requests"),
    re_path(r"^open311/v2/requests/(?P<number>\w+)" + KIND, open311.one_request),
    re_path(r"^open311/v2/tokens/(?P<number>\w+)" + KIND, open311.token),
]
