"""Demo data: real divisions, streets and boundaries; invented people, grids and points, all marked."""

from __future__ import annotations

import random
from itertools import cycle

from django.contrib.gis.geos import Point
from django.db import transaction

from platform_core.geo import layers
from platform_core.models import (
    EvaluationGrid,
    EvaluationPoint,
    LayerFeature,
    Organisation,
    PlatformInstance,
    Region,
    Role,
    ThematicLayer,
    User,
)

from . import identity
from .grids import make_demo_grids

GRID_DISTRICTS = ("210102", "210103", "210105")
POINTS_PER_DISTRICT = 134
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰凤洁梅琳素云"
DEPARTMENTS = (
    "城市管理综合行政执法局",
    "市政公用局",
    "园林绿化局",
    "环境卫生管理处",
    "住房和城乡建设局",
    "水务局",
    "公安局交警支队",
)
# account, role, post; one account of each role keeps a name that the README prints
CITY_STAFF = (
    ("zhangwei", "supervisor", "监督员"),
    ("shouli", "acceptor", "受理员"),
    ("paiqian", "dispatcher", "派遣员"),
    ("zhiban", "duty_chief", "值班长"),
    ("yewu", "business_admin", "业务管理员"),
    ("lingdao", "leader", "领导"),
    ("pingjia", "evaluator", "评价员"),
    ("jiance", "monitor", "监测员"),
    ("shuju", "data_manager", "数据管理员"),
    ("shujuzg", "data_supervisor", "数据主管"),
)
UPPER_STAFF = (
    ("jiandu", "inspector", "监督检查员"),
    ("pingjia", "evaluator", "评价员"),
    ("lingdao", "leader", "领导"),
    ("jiance", "monitor", "监测员"),
    ("shuju", "data_manager", "数据管理员"),
    ("shujuzg", "data_supervisor", "数据主管"),
)
POINT_NAMES = {
    1: "大街",
    2: "巷",
    3: "步行街",
    4: "公园",
    5: "广场",
    6: "农贸市场",
    7: "公共厕所",
    8: "客运站",
    9: "河段",
    10: "便民摊点区",
    11: "社区",
    12: "路口",
}


class _People:
    """Gives out invented names, always the same for the same seed."""

    def __init__(self, password: str, seed: int) -> None:
        self.chance, self.password, self.made = random.Random(seed), password, 0  # noqa: S311

    def name(self) -> str:
        """Surname and one or two signs."""
        return self.chance.choice(SURNAMES) + "".join(self.chance.sample(GIVEN, self.chance.choice((1, 2))))

    def hire(
        self,
        username: str,
        role: str,
        post: str,
        organisation: Organisation,
        scope: Region,
        within: Organisation | None = None,
    ) -> None:
        """An account with role and scope, unless it exists; `within` narrows the scope to an organisation's subtree."""
        if User.objects.filter(username=username).exists():
            return
        user = User.objects.create_user(
            username,
            self.password,
            full_name=self.name(),
            organisation=organisation,
            post=post,
            is_demo=True,
            phone=f"1390000{self.made:04d}",
        )
        identity.assign_roles(user, [Role.objects.get(code=role)])
        identity.grant_scope(user, region=scope, organisation=within)
        self.made += 1


def _child(parent: Organisation, code: str, name: str, kind: str, region: Region) -> Organisation:
    found = Organisation.objects.filter(code=code).first()
    if found:
        return found
    parent.refresh_from_db()
    child: Organisation = Organisation.objects.add_child(
        parent, {"code": code, "name": name, "kind": kind, "region": region, "is_demo": True}
    )
    return child


@transaction.atomic
def load(password: str) -> str:
    """Everything for this tier; repeating it adds nothing. Returns a summary."""
    platform = PlatformInstance.objects.select_related("region", "organisation").get()
    people = _People(password, 312)
    if platform.region.level == 2:
        _city(platform, people)
    else:
        _upper(platform, people)
    points = sum(_points(Region.objects.get(code=code)) for code in GRID_DISTRICTS)
    _toilets(platform.region)
    return (
        f"demo data: {people.made} users, {Organisation.objects.count()} organisations, "
        f"{EvaluationGrid.objects.count()} evaluation grids, {points} new points"
    )


def _upper(platform: PlatformInstance, people: _People) -> None:
    region, root = platform.region, platform.organisation
    for username, role, post in UPPER_STAFF:
        people.hire(username, role, post, root, region)
    for below in Region.objects.filter(parent=region).order_by("code")[:20]:
        office = _child(
            root,
            f"{below.code}-01",
            f"{below.name}城市运行管理服务监督中心",
            Organisation.Kind.SUPERVISION_CENTRE,
            below,
        )
        people.hire(f"pj{below.code[:4]}", "evaluator", "评价员", office, below)
        people.hire(f"jd{below.code[:4]}", "inspector", "监督检查员", office, below)


def _city(platform: PlatformInstance, people: _People) -> None:
    region, root = platform.region, platform.organisation
    centre = _child(
        root, f"{region.code}-02", f"{region.name}城市管理监督中心", Organisation.Kind.SUPERVISION_CENTRE, region
    )
    for username, role, post in CITY_STAFF:
        people.hire(username, role, post, centre if role in ("supervisor", "evaluator") else root, region)
    for number, name in enumerate(DEPARTMENTS, start=1):
        office = _child(root, f"{region.code}-1{number}", f"{region.name}{name}", Organisation.Kind.DEPARTMENT, region)
        people.hire(f"bumen{number}", "department", "部门经办人", office, region, office)
    for district in Region.objects.filter(parent=region, geometry__isnull=False).order_by("code"):
        office = _child(
            root, f"{district.code}-01", f"{district.name}城市管理指挥中心", Organisation.Kind.DISTRICT, district
        )
        for role, post in (("dispatcher", "派遣员"), ("supervisor", "监督员"), ("evaluator", "评价员")):
            people.hire(f"{role[:2]}{district.code}", role, post, office, district)
        if district.code in GRID_DISTRICTS:
            for street in Region.objects.filter(parent=district).order_by("code")[:4]:
                _child(office, f"{street.code}-01", f"{street.name}办事处", Organisation.Kind.STREET, street)


def _points(district: Region) -> int:
    """Grids, and evaluation points spread over them, twelve types in turn."""
    if not EvaluationGrid.objects.filter(region=district).exists():
        make_demo_grids(district)
    if EvaluationPoint.objects.filter(region=district).exists():
        return 0
    chance = random.Random(int(district.code))  # noqa: S311
    grids = list(EvaluationGrid.objects.filter(region=district).order_by("code"))
    streets = list(Region.objects.filter(parent=district).order_by("code")) or [district]
    kinds = cycle(EvaluationPoint.Type.values)
    made = []
    for number in range(1, POINTS_PER_DISTRICT + 1):
        grid, kind = chance.choice(grids), next(kinds)
        street = chance.choice(streets)
        made.append(
            EvaluationPoint(
                code=f"{district.code}P{number:04d}",
                name=f"{street.name}{number}号{POINT_NAMES[kind]}",
                point_type=kind,
                region=district,
                evaluation_grid=grid,
                location=_inside(grid, chance),
                is_demo=True,
                address=f"{district.name}{street.name}（演示数据）",
            )
        )
    EvaluationPoint.objects.bulk_create(made)
    layers.touch("evaluationpoint")
    return len(made)


def _toilets(region: Region) -> None:
    """A thematic layer over the invented public toilets among the points, so that the map has one to show."""
    layer, _created = ThematicLayer.objects.get_or_create(
        code="demo-toilets",
        defaults={
            "name": "公共厕所（演示）",
            "geometry_type": ThematicLayer.Geometry.POINT,
            "region": region,
            "colour": "#2f7d4f",
            "description": "演示数据",
            "is_demo": True,
        },
    )
    known = set(layer.features.values_list("code", flat=True))
    LayerFeature.objects.bulk_create(
        LayerFeature(
            layer=layer,
            code=point.code,
            name=point.name,
            region=point.region,
            geometry=point.location,
            is_demo=True,
        )
        for point in EvaluationPoint.objects.filter(point_type=7, is_demo=True).select_related("region")
        if point.code not in known
    )


def _inside(grid: EvaluationGrid, chance: random.Random) -> Point:
    west, south, east, north = grid.geometry.extent
    while True:
        point = Point(chance.uniform(west, east), chance.uniform(south, north), srid=4490)
        if grid.geometry.contains(point):
            return point
