"""Pages of the convergence."""

from django.urls import path

from .views import catalogue, quality, standard

urlpatterns = [
    path("catalogue/", catalogue.search, name="catalogue"),
    path("catalogue.jsonld", catalogue.dcat, name="catalogue-dcat"),
    path("catalogue/<int:pk>/", catalogue.entry, name="catalogue-entry"),
    path("catalogue/<int:pk>/act/", catalogue.act, name="catalogue-act"),
    path("quality/", quality.overview, name="quality"),
    path("quality/<int:pk>/", quality.rows, name="quality-rows"),
    path("archives/<int:pk>/act/", quality.archive_act, name="archive-act"),
    path("destructions/<int:pk>/act/", quality.destruction_act, name="destruction-act"),
    path("tables/new/", standard.add_table, name="convergence-table-add"),
    path("tables/<int:pk>/edit/", standard.edit_table, name="convergence-table-edit"),
    path("tables/<int:pk>/fields/", standard.add_field, name="convergence-field-add"),
    path("tables/<int:pk>/rows/", standard.rows, name="convergence-rows"),
    path("tables/<int:pk>/file/", standard.upload, name="convergence-upload"),
    path("tables/<int:pk>/archive/", quality.archive_now, name="convergence-archive"),
]
