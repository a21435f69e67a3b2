"""Factories of the shared vocabulary."""

import factory
from django.contrib.auth.models import Permission
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from factory.django import DjangoModelFactory

from platform_core.models import EvaluationGrid, EvaluationPoint, Organisation, Region, User
from platform_core.services.identity import grant_scope

PASSWORD = "Right-horse-9"


def square(west, south, size):
    return MultiPolygon(Polygon.from_bbox((west, south, west + size, south + size)), srid=4490)


def divisions():
    """China → 辽宁 → 沈阳 → two districts side by side, each 0.1° wide."""
    china, _ = Region.objects.get_or_create(code="100000", name="中国", level=0)
    liaoning, _ = Region.objects.get_or_create(code="210000", name="辽宁省", level=1, parent=china)
    shenyang, _ = Region.objects.get_or_create(
        code="210100", name="沈阳市", level=2, parent=liaoning, geometry=square(123.3, 41.7, 0.2)
    )
    heping, _ = Region.objects.get_or_create(
        code="210102", name="和平区", level=3, parent=shenyang, geometry=square(123.3, 41.7, 0.1)
    )
    shenhe, _ = Region.objects.get_or_create(
        code="210103", name="沈河区", level=3, parent=shenyang, geometry=square(123.4, 41.7, 0.1)
    )
    return shenyang, heping, shenhe


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda number: f"user{number}")
    full_name = factory.Sequence(lambda number: f"用户{number}")

    @classmethod
    def _create(cls, model_class, *args, scope=None, rights=(), **fields):
        user = model_class.objects.create_user(fields.pop("username"), PASSWORD, **fields)
        if scope is not None:
            grant_scope(user, region=scope)
        for right in rights:
            app, codename = right.split(".")
            user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        return user


class EvaluationGridFactory(DjangoModelFactory):
    class Meta:
        model = EvaluationGrid

    code = factory.Sequence(lambda number: f"210102{number:04d}")
    name = factory.Sequence(lambda number: f"{number}号网格")
    area_km2 = 1.0
    geometry = factory.LazyFunction(lambda: square(123.31, 41.71, 0.01))


class EvaluationPointFactory(DjangoModelFactory):
    class Meta:
        model = EvaluationPoint

    code = factory.Sequence(lambda number: f"P{number:05d}")
    name = factory.Sequence(lambda number: f"{number}号公园")
    point_type = 4
    location = factory.LazyFunction(lambda: Point(123.315, 41.715, srid=4490))


def organisation(region, code="root", name="指挥中心"):
    return Organisation.objects.add_root({"code": code, "name": name, "kind": "command", "region": region})
