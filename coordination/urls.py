"""Addresses of coordination, below /coordination/."""

from django.urls import path

from .api import views as api
from .views import case, command, desk, field, performance, street, workflow

urlpatterns = [
    path("desk/<slug:code>/", desk.desk, name="desk"),
    path("desk/<slug:code>/bulk/", desk.bulk, name="desk-bulk"),
    path("cases/new/", case.new_case, name="case-new"),
    path("cases/helps/", case.helps, name="case-helps"),
    path("cases/part/", case.part_at, name="case-part"),
    path("cases/random/", case.random_case, name="case-random"),
    path("cases/<int:pk>/", case.detail, name="case"),
    path("cases/<int:pk>/print/", case.print_sheet, name="case-print"),
    path("cases/<int:pk>/<slug:code>/", case.make_move, name="case-move"),
    path("screen/", command.screen, name="command-screen"),
    path("screen/live/", command.live, name="command-live"),
    path("performance/", performance.report, name="performance"),
    path("performance/cases/", performance.drill, name="performance-cases"),
    path("workflows/draft/", workflow.draft, name="workflow-draft"),
    path("workflows/<int:pk>/", workflow.show, name="workflow"),
    path("workflows/<int:pk>/publish/", workflow.publish, name="workflow-publish"),
    path("workflows/<int:pk>/<str:kind>/new/", workflow.edit, name="workflow-add"),
    path("workflows/<int:pk>/<str:kind>/<slug:code>/", workflow.edit, name="workflow-edit"),
    path("routing/test/", workflow.test_routing, name="routing-test"),
    path("tracks/", street.tracks_page, name="tracks"),
    path("geocode/", street.geocode_page, name="geocode"),
    path("api/geocode/", street.geocode_api, name="geocode-api"),
    path("keytasks/<int:pk>/assign/", street.keytask_assign, name="keytask-assign"),
    path("keytasks/<int:pk>/answer/", street.keytask_answer, name="keytask-answer"),
    path("field/", field.app, name="field"),
    path("field/worker.js", field.worker, name="field-worker"),
    path("field/manifest.webmanifest", field.manifest, name="field-manifest"),
    path("field/state/", field.state, name="field-state"),
    path("field/reports/", field.report, name="field-report"),
    path("field/cases/<int:case_id>/", field.answer, name="field-answer"),
    path("field/track/", field.track, name="field-track"),
    path("field/attend/", field.attend, name="field-attend"),
    path("api/cases/", api.CaseList.as_view(), name="api-cases"),
    path("api/cases/<str:number>/", api.CaseDetail.as_view(), name="api-case"),
    path("api/cases/<str:number>/moves/<slug:code>/", api.CaseMove.as_view(), name="api-case-move"),
]
