"""Production size by COPY."""

from django.core.management import call_command

from coordination.models import PartFacility
from platform_core.models import EvaluationPoint
from platform_core.services import reference


def test_seed_fills_parts_and_points_marked_as_demo(districts, capsys):
    reference.load_codes()
    call_command("seed_scale", parts=300, points=100)
    assert PartFacility.objects.filter(is_demo=True).count() == 300
    assert EvaluationPoint.objects.filter(is_demo=True).count() == 100
    part = PartFacility.objects.select_related("region").first()
    assert part is not None
    part.full_clean()
    assert part.code.startswith(part.region_id)
    assert "300 parts" in capsys.readouterr().out
