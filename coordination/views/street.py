"""Offices' view of the street: tracks of a day; and geocoding, key tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from coordination.models import KeyTask, TrackPoint
from coordination.services import field, geocoding, keytasks
from platform_core.geo.measure import point_of
from platform_core.http import UserRequest, day_of, number_of
from platform_core.models import Organisation, User
from platform_core.services.grids import grid_at
from platform_core.views.map import home_bounds


@login_required
@permission_required("coordination.view_rosterentry", raise_exception=True)
def tracks_page(request: UserRequest) -> HttpResponse:
    """A day's tracks by person, with kilometres; for those who may see the roster."""
    day = day_of(request.GET.get("day")) or timezone.localdate()
    start = timezone.localtime().replace(
        year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
    )
    end = start + timedelta(days=1)
    rows: Any = TrackPoint.objects.filter(device_at__gte=start, device_at__lt=end)
    people = User.objects.visible_to(request.user).filter(pk__in=rows.values("user")).order_by("full_name")[:50]
    tracks = field.tracks([user.pk for user in people], start, end)
    found = [
        {
            "name": user.full_name,
            "post": user.post,
            "km": round(tracks[user.pk].km, 2),
            "line": [[y, x] for x, y in tracks[user.pk].line],
        }
        for user in people
        if user.pk in tracks
    ]
    return render(
        request,
        "coordination/tracks.html",
        {"day": day, "tracks": found, "bounds": home_bounds(request.user), "active": "tracks"},
    )


@login_required
@permission_required("coordination.view_place", raise_exception=True)
def geocode_page(request: UserRequest) -> HttpResponse:
    """Try the geocoder: an address, or longitude and latitude; for those who may see places."""
    text = request.GET.get("q", "").strip()
    point = point_of(request.GET)
    hits = geocoding.nearest(point) if point else geocoding.geocode(text) if text else []
    grid = grid_at(point.x, point.y) if point else None
    context = {"text": text, "point": point, "hits": hits, "grid": grid, "active": "geocode"}
    return render(request, "coordination/geocode.html", context)


@login_required
@require_GET
def geocode_api(request: UserRequest) -> JsonResponse:
    """Geocoding as GeoJSON: `q` an address, or `lon`, `lat`; for every user (place names are public)."""
    point = point_of(request.GET)
    hits = geocoding.nearest(point) if point else geocoding.geocode(request.GET.get("q", "")[:100])
    return JsonResponse(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [hit.place.location.x, hit.place.location.y]},
                    "properties": {
                        "code": hit.place.code,
                        "name": hit.place.name,
                        "address": hit.place.address,
                        "region": hit.place.region.name,
                        "score": hit.score,
                        "distance_m": hit.distance_m,
                    },
                }
                for hit in hits
            ],
        }
    )


@login_required
@permission_required("coordination.handle_keytask", raise_exception=True)
@require_POST
def keytask_assign(request: UserRequest, pk: int) -> HttpResponse:
    """Give a key task to a department; for those who handle key tasks."""
    department = get_object_or_404(Organisation, pk=request.POST.get("department") or 0)
    keytasks.assign(get_object_or_404(KeyTask, pk=pk).pk, department)
    messages.success(request, _("Given to %s.") % department)
    return redirect(reverse("page-detail", args=["keytask", pk]) + "#tab-answers")


@login_required
@permission_required("coordination.handle_keytask", raise_exception=True)
@require_POST
def keytask_answer(request: UserRequest, pk: int) -> HttpResponse:
    """Answer upwards; for those who handle key tasks."""
    progress = number_of(request.POST.get("progress"))
    keytasks.answer(
        get_object_or_404(KeyTask, pk=pk).pk,
        request.user,
        -1 if progress is None else progress,
        request.POST.get("content", ""),
    )
    messages.success(request, _("The answer goes up by the exchange."))
    return redirect(reverse("page-detail", args=["keytask", pk]) + "#tab-answers")
