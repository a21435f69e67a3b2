"""Thematic layers: features edited, imported, exported, drawn."""

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from platform_core.geo import layers
from platform_core.models import Job, LayerFeature, ThematicLayer
from platform_core.pages import find
from platform_core.services import imports, jobs
from tests.factories import UserFactory

RIGHTS = (
    "platform_core.access_evaluation",
    "platform_core.view_thematiclayer",
    *(f"platform_core.{verb}_layerfeature" for verb in ("view", "add", "change")),
)


@pytest.fixture
def editor(districts):
    return UserFactory(scope=districts[1], rights=RIGHTS)


@pytest.fixture
def toilets(districts):
    return ThematicLayer.objects.create(
        code="toilets", name="公共厕所", geometry_type="point", region=districts[1], colour="#aa3377"
    )


def point(x=123.35, y=41.75):
    return json.dumps({"type": "Point", "coordinates": [x, y]})


def fields(**changes):
    return {"layer": "toilets", "code": "T1", "name": "一号", "region": "210102", "properties": "{}",
            "geometry": point(), **changes}  # fmt: skip


def test_feature_is_made_in_the_form_and_drawn_in_the_layers_colour(editor, toilets, log_in):
    client = log_in(editor)
    assert "toilets" in client.get("/p/layerfeature/new/?layer=toilets").content.decode()
    assert client.post("/p/layerfeature/new/", fields()).status_code == 302
    layer = layers.find("thematic-toilets", editor)
    assert layer is not None
    assert (layer.colour, layer.kind) == ("#aa3377", "point")
    tile = client.get("/tiles/thematic-toilets/10/862/381.mvt")
    assert tile.status_code == 200
    assert "一号".encode() in tile.content
    assert "thematic-toilets" in client.get("/map/").content.decode()


def test_a_shape_of_another_kind_is_refused(editor, toilets, log_in):
    line = json.dumps({"type": "LineString", "coordinates": [[123.35, 41.75], [123.36, 41.76]]})
    assert log_in(editor).post("/p/layerfeature/new/", fields(geometry=line)).status_code == 422
    outside = fields(geometry=point(123.48, 41.75))
    assert log_in(editor).post("/p/layerfeature/new/", outside).status_code == 422
    assert not LayerFeature.objects.exists()


def test_layer_of_another_district_is_not_seen(toilets, districts, log_in):
    stranger = UserFactory(scope=districts[2], rights=RIGHTS)
    assert layers.find("thematic-toilets", stranger) is None
    assert log_in(stranger).get("/tiles/thematic-toilets/10/862/381.mvt").status_code == 404
    assert log_in(stranger).post("/p/layerfeature/new/", fields()).status_code == 422


def test_geojson_is_imported_and_a_second_time_changes(editor, toilets):
    pages = find("layerfeature")
    assert pages is not None
    document = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": json.loads(point()),
         "properties": {"layer": "toilets", "code": "T1", "name": name, "region": "210102"}}
        for name in ("一号",)]}  # fmt: skip
    for is_update in (False, True):
        batch = imports.read(pages, SimpleUploadedFile("t.geojson", json.dumps(document).encode()), editor)
        assert [(row.errors, row.is_update) for row in batch.rows.all()] == [({}, is_update)]
        imports.confirm(pages, batch, editor)
    assert LayerFeature.objects.count() == 1


def test_shapefile_export_can_be_imported_again(editor, toilets, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    pages = find("layerfeature")
    assert pages is not None
    from django.contrib.gis.geos import Point

    LayerFeature.objects.create(
        layer=toilets, code="T1", name="一号公厕", region=toilets.region, geometry=Point(123.35, 41.75, srid=4490)
    )
    job = jobs.start("export", "导出", editor, page="layerfeature", query="", format="zip")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, job.error
    content = job.result_file.read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {"shp", "shx", "dbf", "cpg", "prj"}
    batch = imports.read(pages, SimpleUploadedFile("again.zip", content), editor)
    assert [(row.errors, row.is_update) for row in batch.rows.all()] == [({}, True)]


def test_shapefile_of_mixed_kinds_is_refused(editor, toilets, districts):
    from django.contrib.gis.geos import LineString, Point

    for code, shape in (("1", Point(123.35, 41.75)), ("2", LineString((123.35, 41.75), (123.36, 41.76)))):
        shape.srid = 4490
        LayerFeature.objects.create(layer=toilets, code=code, name=code, region=districts[1], geometry=shape)
    job = jobs.start("export", "导出", editor, page="layerfeature", query="", format="zip")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert "Shapefile" in job.error
