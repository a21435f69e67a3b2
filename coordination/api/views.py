"""Cases for programs: JSON, with the session of a logged-in user; the same services and scopes as the pages."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.gis.geos import Point
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coordination.models import Case
from coordination.services import moving, reporting

PAGE = 100


class HasRight(BasePermission):
    """The view's `rights` for the method: `coordination.<right>`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Logged in, and holding the right."""
        right = view.rights.get(request.method)
        return bool(right and request.user.is_authenticated and request.user.has_perm(f"coordination.{right}"))


class ReportSerializer(serializers.Serializer):
    """A report: WGS 84 or CGCS2000 degrees."""

    description = serializers.CharField(max_length=500)
    lon = serializers.FloatField(min_value=70, max_value=140)
    lat = serializers.FloatField(min_value=0, max_value=56)
    category = serializers.CharField(max_length=5, required=False, default="")
    source: Any = serializers.ChoiceField(Case.Source.choices, required=False, default=Case.Source.SUPERVISOR)
    address = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
    part = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)
    origin = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    uuid = serializers.UUIDField(required=False, default=None)


class MoveSerializer(serializers.Serializer):
    """What comes with a move. Photos are sent by the pages and the field app."""

    version = serializers.IntegerField(required=False, default=None)
    opinion = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
    category = serializers.CharField(max_length=5, required=False, default="")
    department = serializers.IntegerField(required=False, default=None)
    hours = serializers.IntegerField(required=False, default=None, min_value=1)
    duplicate = serializers.CharField(max_length=14, required=False, default="")
    form = serializers.DictField(required=False, default=dict)


def as_data(case: Case) -> dict[str, Any]:
    """A case as JSON."""
    return {
        "number": case.number,
        "state": case.state,
        "version": case.version,
        "category": case.category_id,
        "emergency": case.emergency,
        "description": case.description,
        "address": case.address,
        "location": {"type": "Point", "coordinates": [case.location.x, case.location.y]},
        "region": case.region_id,
        "source": case.source,
        "reported_at": case.reported_at,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
        "lamp": case.lamp,
    }


class CaseList(APIView):
    """Open cases of the user's scope; report a new one."""

    permission_classes = [HasRight]
    rights = {"GET": "view_case", "POST": "report_case"}

    def get(self, request: Request) -> Response:
        """The 100 most pressing open cases, of one `state` where asked."""
        rows: Any = Case.objects.visible_to(request.user)
        rows = rows.open()
        if state := request.query_params.get("state"):
            rows = rows.filter(state=state)
        return Response([as_data(case) for case in rows.order_by("due_at", "id")[:PAGE]])

    def post(self, request: Request) -> Response:
        """Report: 201; 409 with code and message for a broken rule. A `uuid` sent again gives the same case."""
        serializer = ReportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        number: uuid.UUID | None = given.pop("uuid")
        location = Point(given.pop("lon"), given.pop("lat"), srid=4490)
        user: Any = request.user
        case = reporting.report(reporting.Report(location=location, client_uuid=number, **given), user)
        return Response(as_data(case), status=201)


class CaseDetail(APIView):
    """One case of the user's scope."""

    permission_classes = [HasRight]
    rights = {"GET": "view_case"}

    def get(self, request: Request, number: str) -> Response:
        """The case with its course; 404 outside the scope."""
        rows: Any = Case.objects.visible_to(request.user)
        case = get_object_or_404(rows, number=number)
        course = [
            {
                "move": row.move,
                "to": row.to_state,
                "by": row.actor_name,
                "at": row.at,
                "opinion": row.opinion,
                "in_time": row.was_in_time,
            }
            for row in case.records.all()
        ]
        return Response({**as_data(case), "course": course})


class CaseMove(APIView):
    """A move of a case."""

    permission_classes = [HasRight]
    rights = {"POST": "view_case"}

    def post(self, request: Request, number: str, code: str) -> Response:
        """Make it; the workflow says who may. 409 where a rule is broken or somebody was faster."""
        serializer = MoveSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        version = given.pop("version")
        rows: Any = Case.objects.visible_to(request.user)
        case = get_object_or_404(rows.only("pk"), number=number)
        user: Any = request.user
        return Response(as_data(moving.move(case.pk, code, user, moving.Given(**given), version=version)))
