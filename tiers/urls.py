"""Pages about the tier itself."""

from django.urls import path

from . import views

urlpatterns = [
    path("systems/<slug:app>/", views.system, name="system"),
    path("architecture/", views.architecture, name="architecture"),
    path("clauses/", views.clauses, name="clauses"),
]
