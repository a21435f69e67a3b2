"""Addresses of public service, below /publicservice/."""

from django.urls import path

from .views import desk, hotline

urlpatterns = [
    path("appeals/new/", desk.new, name="appeal-new"),
    path("appeals/<int:pk>/", desk.detail, name="appeal"),
    path("appeals/<int:pk>/contact/", desk.reveal, name="appeal-contact"),
    path("appeals/<int:pk>/photos/<int:attachment_id>/", desk.photo, name="appeal-photo"),
    path("appeals/<int:pk>/<slug:what>/", desk.act, name="appeal-act"),
    path("visits/", desk.visit_list, name="visits"),
    path("hotline/", hotline.desk, name="hotline"),
    path("hotline/supervise/", hotline.supervise, name="hotline-supervise"),
    path("hotline/report/", hotline.report, name="hotline-report"),
    path("hotline/calls/<int:pk>/listen/", hotline.listen, name="hotline-listen"),
    path("hotline/calls/<int:pk>/recording/", hotline.recording, name="hotline-recording"),
    path("hotline/<slug:what>/", hotline.act, name="hotline-act"),
]
