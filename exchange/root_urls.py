"""Addresses that the standard fixes (CJJ/T 312 app. B), and ours beside them."""

from django.urls import path

from .views import application, interface, metrics, soap

API = "eUrbanMIS/api/v1"
urlpatterns = [
    path(f"{API}/pushdata", interface.pushdata, name="pushdata"),
    path(f"{API}/getdata", interface.getdata, name="getdata"),
    path(f"{API}/soap", soap.endpoint, name="soap"),
    path("metrics", metrics.metrics, name="metrics"),
    path(f"{API}/apply", application.apply, name="apply"),
    path(f"{API}/apply/<int:application_id>", application.outcome, name="apply-outcome"),
]
